//! A load server for websockets. It costs as little as it can, so that the client sets the pace: one thread, events that are
//! encoded once, large writes, and no websocket library.

mod connection;
pub(crate) mod frames;
mod pacer;

use att_console::{BoxIo, Dial, DialError};
use frames::Frames;
use futures_util::future::BoxFuture;
use pacer::Paced;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::io::{DuplexStream, Interest, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use url::Url;

pub(crate) use connection::Connection;

/// The part of the server that differs between the protocols, for one connection.
pub(crate) trait Protocol: Send + 'static {
    /// Handles the text of one message, and replies over the connection.
    fn receive(&mut self, text: &[u8], connection: &mut Connection) -> Option<Action>;
}

/// An effect of a message beside its reply.
pub(crate) enum Action {
    /// The connection takes part in paced runs, also with these events.
    Subscribe(Arc<Frames>),
    /// Sends `rate` events a second over all connections that take part.
    Pace { rate: f64, lasting: Duration },
    /// Sends `rate` of these events a second over this connection, until it is closed, and reads nothing more of it: another reply
    /// could be written into the middle of an event.
    Trickle { events: Arc<Frames>, rate: f64 },
    /// Reads nothing more of this connection.
    StopReading,
}

/// The connections that take part in paced runs.
type Subscribers = Rc<RefCell<BTreeMap<u64, Paced>>>;

/// Bytes that a connection may write before its input is read again.
const WRITES: usize = 1 << 20;

/// The longest upgrade request.
const LONGEST_REQUEST: usize = 16 << 10;

/// Bytes that are read at once.
const INPUT_SIZE: usize = 64 << 10;

thread_local! {
    /// All connections read into it, so that an idle one holds no buffer.
    static INPUT: RefCell<Vec<u8>> = RefCell::new(vec![0; INPUT_SIZE]);
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
                // A client that disconnects is no error.
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
    let mut early = shake_hands(&mut tcp).await?;
    let mut connection = Connection::default();
    let reads = Cell::new(true);
    let trickle = Cell::new(None);
    let mut act = |connection: &mut Connection, tcp: &TcpStream, text: &[u8]| match protocol
        .receive(text, connection)
    {
        None => {}
        Some(Action::Subscribe(events)) => {
            let mut subscribers = subscribers.borrow_mut();
            let paced = subscribers.entry(id).or_insert_with(|| Paced::new(tcp));
            paced.add(events);
        }
        Some(Action::Pace { rate, lasting }) => {
            let taking_part = subscribers.borrow().values().map(Paced::sender).collect();
            pacer::start(taking_part, rate, lasting);
        }
        Some(Action::Trickle { events, rate }) => {
            let mut paced = Paced::new(tcp);
            paced.add(events);
            // After the reply has been written.
            trickle.set(Some((paced.sender(), rate)));
            reads.set(false);
        }
        Some(Action::StopReading) => reads.set(false),
    };
    connection.receive(&mut early, |connection, text| act(connection, &tcp, text))?;
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
        if !reads.get() && !has_output {
            if let Some((sender, rate)) = trickle.take() {
                pacer::start(vec![sender], rate, Duration::MAX);
            }
            std::future::pending::<()>().await;
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
                .receive(&mut input[..count], |connection, text| {
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

/// Opens connections to a server in this process.
pub(crate) struct InMemory<P>(pub(crate) fn() -> P);

impl<P: Protocol> Dial for InMemory<P> {
    fn dial<'a>(&'a self, _: &'a Url) -> BoxFuture<'a, Result<BoxIo, DialError>> {
        let (near, far) = duplex(INPUT_SIZE);
        let protocol = (self.0)();
        tokio::spawn(async move {
            // A client that disconnects is no error.
            let _ = serve_in_memory(far, protocol).await;
        });
        Box::pin(async { Ok(Box::new(near) as BoxIo) })
    }
}

async fn serve_in_memory(mut io: DuplexStream, mut protocol: impl Protocol) -> io::Result<()> {
    let mut act = |connection: &mut Connection, text: &[u8]| {
        protocol.receive(text, connection);
    };
    let mut connection = Connection::default();
    let mut input = shake_hands(&mut io).await?;
    connection.receive(&mut input, &mut act)?;
    input.resize(INPUT_SIZE, 0);
    loop {
        while let Some(bytes) = connection.output() {
            let written = io.write(bytes).await?;
            connection.wrote(written);
        }
        match io.read(&mut input).await? {
            0 => return Ok(()),
            count => connection.receive(&mut input[..count], &mut act)?,
        }
    }
}

/// Accepts the upgrade, without extensions. Returns the bytes behind the request.
async fn shake_hands(tcp: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<Vec<u8>> {
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
