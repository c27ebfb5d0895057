//! A load server for websockets. It costs as little as it can, so that the client sets the pace: one thread, events that are
//! encoded once, large writes, and no websocket library.

mod connection;
pub(crate) mod frames;
mod pacer;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use connection::Connection;
use frames::Frames;
use pacer::Paced;

/// What differs between the protocols: the replies of one connection.
pub(crate) trait Protocol: 'static {
    /// Handles the text of one message.
    fn receive(&mut self, text: &[u8]) -> Vec<Action>;
}

pub(crate) enum Action {
    /// Sends one message.
    Send(String),
    /// Sends so many events as fast as the socket takes them, then a message.
    Flood {
        events: Arc<Frames>,
        count: usize,
        then: String,
    },
    /// The connection takes part in paced runs, also with these events.
    Subscribe(Arc<Frames>),
    /// Sends events over all connections that take part, so many a second.
    Pace { rate: f64, lasting: Duration },
}

/// The connections that take part in paced runs.
type Subscribers = Rc<RefCell<BTreeMap<u64, Paced>>>;

/// Bytes that a connection may write before its input is read again.
const WRITES: usize = 1 << 20;

/// The longest upgrade request.
const LONGEST_REQUEST: usize = 16 << 10;

thread_local! {
    /// All connections read into it, so that an idle one holds no buffer.
    static INPUT: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 << 10]);
    static LAST_ID: Cell<u64> = const { Cell::new(0) };
}

/// Prints the address, and serves until the process is killed.
pub(crate) fn run<P: Protocol>(protocol: fn() -> P) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let subscribers = Subscribers::default();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            let subscribers = Rc::clone(&subscribers);
            tokio::task::spawn_local(async move {
                let id = LAST_ID.get() + 1;
                LAST_ID.set(id);
                // A client that goes away is no error.
                let _ = serve(tcp, protocol(), id, &subscribers).await;
                subscribers.borrow_mut().remove(&id);
            });
        }
    });
}

async fn serve(
    mut tcp: TcpStream,
    mut protocol: impl Protocol,
    id: u64,
    subscribers: &Subscribers,
) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let early = shake_hands(&mut tcp).await?;
    let mut connection = Connection::default();
    let mut act = |connection: &mut Connection, tcp: &TcpStream, text: &[u8]| {
        for action in protocol.receive(text) {
            match action {
                Action::Send(text) => connection.send(&text),
                Action::Flood {
                    events,
                    count,
                    then,
                } => connection.flood(events, count, then),
                Action::Subscribe(events) => {
                    let mut subscribers = subscribers.borrow_mut();
                    let paced = subscribers.entry(id).or_insert_with(|| Paced::new(tcp));
                    paced.add(events);
                }
                Action::Pace { rate, lasting } => {
                    let taking_part = subscribers.borrow().values().map(Paced::sender).collect();
                    pacer::start(taking_part, rate, lasting);
                }
            }
        }
    };
    connection.receive(&early, |connection, text| act(connection, &tcp, text))?;
    loop {
        let mut left = WRITES;
        while left > 0 {
            let Some(bytes) = connection.output() else {
                break;
            };
            match tcp.try_write(bytes) {
                Ok(written) => {
                    connection.wrote(written);
                    left = left.saturating_sub(written);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        let has_output = connection.output().is_some();
        if connection.is_closing() && !has_output {
            return tcp.shutdown().await;
        }
        let interest = if has_output {
            Interest::READABLE | Interest::WRITABLE
        } else {
            Interest::READABLE
        };
        if !tcp.ready(interest).await?.is_readable() {
            continue;
        }
        let is_open = INPUT.with_borrow_mut(|input| match tcp.try_read(input) {
            Ok(0) => Ok(false),
            Ok(count) => connection
                .receive(&input[..count], |connection, text| {
                    act(connection, &tcp, text);
                })
                .map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
            Err(error) => Err(error),
        })?;
        if !is_open {
            return Ok(());
        }
    }
}

/// Accepts the upgrade, without extensions. Returns the bytes behind the request.
async fn shake_hands(tcp: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut request = Vec::with_capacity(1_024);
    let end = loop {
        if let Some(at) = request.windows(4).position(|end| end == b"\r\n\r\n") {
            break at + 4;
        }
        if request.len() > LONGEST_REQUEST || tcp.read_buf(&mut request).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    };
    let head = String::from_utf8_lossy(&request[..end]).into_owned();
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    let key = fields.find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"));
    let (_, key) = key.ok_or(io::ErrorKind::InvalidData)?;
    let accept = derive_accept_key(key.trim().as_bytes());
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    tcp.write_all(response.as_bytes()).await?;
    request.drain(..end);
    Ok(request)
}
