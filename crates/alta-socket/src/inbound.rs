//! What arrives on a websocket, changed in two ways before the websocket library reads it.
//!
//! **Large frames are cut in fragments.** The library's buffer grows to the largest frame that it has read and keeps that
//! size as long as the connection lives; of a fragmented message it collects the text outside.
//!
//! **Pings are taken out.** The library queues an answer to each, however many wait already, where nobody can bound them.
//!
//! Anything else passes as it is, everything that breaks the protocol included: the library finds that.

/// The largest frame that passes whole, and the size of the fragments: most events are smaller.
const PIECE: usize = 1024;

/// The longest header: two bytes, eight for the length, four for a mask.
const LONGEST_HEADER: usize = 14;

/// The most that a control frame carries.
const MOST_OF_CONTROL: usize = 125;

const FIN: u8 = 0b1000_0000;
const RESERVED: u8 = 0b0111_0000;
const OPCODE: u8 = 0b0000_1111;
const MASKED: u8 = 0b1000_0000;
const BINARY: u8 = 2;
const PING: u8 = 9;

/// Follows the stream of bytes from the end of the handshake on.
#[derive(Debug)]
pub(crate) struct Inbound {
    /// Frames above this are refused by the library, which need only see their headers.
    limit: usize,
    state: State,
    /// The payload of the last ping that was not answered yet.
    ping: Option<Vec<u8>>,
}

#[derive(Debug)]
enum State {
    Header {
        bytes: [u8; LONGEST_HEADER],
        have: usize,
    },
    /// So much of a frame's payload is to come.
    Whole {
        left: u64,
    },
    /// The same of a frame that is cut, of which so much belongs to the present fragment. `fin`: it ends its message.
    Cut {
        left: u64,
        of_piece: usize,
        fin: bool,
    },
    Ping {
        left: usize,
        payload: Vec<u8>,
    },
}

impl State {
    const START: Self = State::Header {
        bytes: [0; LONGEST_HEADER],
        have: 0,
    };
}

/// A complete header.
struct Header {
    first: u8,
    masked: bool,
    length: u64,
}

impl Header {
    /// Reads a header from its beginning; none if there is more of it to come. Also tells how long it is.
    fn read(bytes: &[u8]) -> Result<(Self, usize), usize> {
        let [first, second, ..] = *bytes else {
            return Err(2);
        };
        let masked = second & MASKED != 0;
        let (short, extended) = match second & !MASKED {
            126 => (0, 2),
            127 => (0, 8),
            length => (u64::from(length), 0),
        };
        let size = 2 + extended + if masked { 4 } else { 0 };
        if bytes.len() < size {
            return Err(size);
        }
        let long = bytes[2..2 + extended].iter();
        let length = long.fold(short, |length, byte| length << 8 | u64::from(*byte));
        let header = Self {
            first,
            masked,
            length,
        };
        Ok((header, size))
    }

    fn is(&self, opcode: u8) -> bool {
        self.first & OPCODE == opcode
    }

    fn is_ordinary(&self) -> bool {
        !self.masked && self.first & RESERVED == 0
    }
}

impl Inbound {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            state: State::START,
            ping: None,
        }
    }

    /// The payload of the last ping since the last call.
    pub(crate) fn take_ping(&mut self) -> Option<Vec<u8>> {
        self.ping.take()
    }

    /// Takes what has arrived, and puts what the library is to read.
    pub(crate) fn take(&mut self, mut input: &[u8], mut put: impl FnMut(&[u8])) {
        while !input.is_empty() {
            match &mut self.state {
                State::Header { bytes, have } => {
                    // Where it stands whole, it need not be gathered.
                    let (header, size) = if *have == 0
                        && let Ok((header, size)) = Header::read(input)
                    {
                        bytes[..size].copy_from_slice(&input[..size]);
                        input = &input[size..];
                        (header, size)
                    } else {
                        bytes[*have] = input[0];
                        *have += 1;
                        input = &input[1..];
                        match Header::read(&bytes[..*have]) {
                            Ok(whole) => whole,
                            Err(_) => continue,
                        }
                    };
                    let bytes = *bytes;
                    self.begin(&header, &bytes[..size], &mut put);
                }
                State::Whole { left } => {
                    let now = input
                        .len()
                        .min(usize::try_from(*left).unwrap_or(usize::MAX));
                    put(&input[..now]);
                    input = &input[now..];
                    *left -= now as u64;
                    if *left == 0 {
                        self.state = State::START;
                    }
                }
                State::Cut {
                    left,
                    of_piece,
                    fin,
                } => {
                    let now = input.len().min(*of_piece);
                    put(&input[..now]);
                    input = &input[now..];
                    *left -= now as u64;
                    *of_piece -= now;
                    if *left == 0 {
                        self.state = State::START;
                    } else if *of_piece == 0 {
                        *of_piece = put_piece_header(0, *fin, *left, &mut put);
                    }
                }
                State::Ping { left, payload } => {
                    let now = input.len().min(*left);
                    payload.extend_from_slice(&input[..now]);
                    input = &input[now..];
                    *left -= now;
                    if *left == 0 {
                        self.ping = Some(std::mem::take(payload));
                        self.state = State::START;
                    }
                }
            }
        }
    }

    /// Decides what becomes of a frame.
    fn begin(&mut self, header: &Header, bytes: &[u8], put: &mut impl FnMut(&[u8])) {
        let length = usize::try_from(header.length).unwrap_or(usize::MAX);
        if header.is_ordinary()
            && header.is(PING)
            && header.first & FIN != 0
            && length <= MOST_OF_CONTROL
        {
            if length == 0 {
                self.ping = Some(Vec::new());
                self.state = State::START;
            } else {
                let payload = Vec::with_capacity(length);
                self.state = State::Ping {
                    left: length,
                    payload,
                };
            }
            return;
        }
        let is_data = header.first & OPCODE <= BINARY;
        if header.is_ordinary() && is_data && length > PIECE && length <= self.limit {
            let fin = header.first & FIN != 0;
            let opcode = header.first & OPCODE;
            let of_piece = put_piece_header(opcode, fin, header.length, put);
            self.state = State::Cut {
                left: header.length,
                of_piece,
                fin,
            };
            return;
        }
        put(bytes);
        self.state = match header.length {
            0 => State::START,
            left => State::Whole { left },
        };
    }
}

/// Puts the header of the next fragment of a frame of which so much is to come, and returns the fragment's length.
fn put_piece_header(opcode: u8, fin: bool, left: u64, put: &mut impl FnMut(&[u8])) -> usize {
    let rest = usize::try_from(left).unwrap_or(usize::MAX);
    let length = rest.min(PIECE);
    let is_last = fin && rest == length;
    let first = opcode | if is_last { FIN } else { 0 };
    #[allow(
        clippy::cast_possible_truncation,
        reason = "no fragment is longer than a piece"
    )]
    match length {
        0..126 => put(&[first, length as u8]),
        _ => put(&[first, 126, (length >> 8) as u8, length as u8]),
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
    use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let length = payload.len();
        let mut bytes = vec![first];
        match length {
            0..126 => bytes.push(length.try_into().unwrap()),
            126..65_536 => {
                bytes.push(126);
                bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                bytes.push(127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        bytes.extend(payload);
        bytes
    }

    /// What the library reads of these bytes, up to its first error.
    fn read(bytes: Vec<u8>, limit: usize) -> Vec<Result<Message, String>> {
        struct Io(std::io::Cursor<Vec<u8>>);
        impl std::io::Read for Io {
            fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
                self.0.read(buf)
            }
        }
        impl std::io::Write for Io {
            fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
                Ok(buf.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let config = WebSocketConfig::default()
            .max_frame_size(Some(limit))
            .max_message_size(Some(limit));
        let io = Io(std::io::Cursor::new(bytes));
        let mut socket = WebSocket::from_raw_socket(io, Role::Client, Some(config));
        let mut messages = Vec::new();
        loop {
            match socket.read() {
                // It is not passed on, and the number says nothing.
                Ok(Message::Ping(_)) => {}
                Ok(message) => messages.push(Ok(message)),
                Err(error) => {
                    let kind = match error {
                        Error::Capacity(_) => "too long".to_owned(),
                        Error::Utf8(_) => "no text".to_owned(),
                        other => other.to_string(),
                    };
                    messages.push(Err(kind));
                    return messages;
                }
            }
        }
    }

    fn changed(bytes: &[u8], pieces: &[usize], limit: usize) -> (Vec<u8>, Inbound) {
        let mut inbound = Inbound::new(limit);
        let mut out = Vec::new();
        let mut rest = bytes;
        for piece in pieces.iter().cycle() {
            let (now, later) = rest.split_at((*piece).min(rest.len()));
            inbound.take(now, |bytes| out.extend(bytes));
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        (out, inbound)
    }

    /// A frame as a server may send it, usual or not.
    fn any_frame() -> impl Strategy<Value = Vec<u8>> {
        let length = prop_oneof![
            0_usize..200,
            1_000_usize..1_100,
            2_040_usize..2_060,
            Just(70_000)
        ];
        let first = prop_oneof![
            6 => Just(0x81_u8),
            2 => Just(0x01),
            2 => Just(0x80),
            1 => Just(0x00),
            1 => Just(0x82),
            2 => Just(0x89),
            1 => Just(0x8a),
            1 => Just(0x88),
            1 => any::<u8>(),
        ];
        (first, length, any::<bool>()).prop_map(|(first, length, is_text)| {
            let text = "Äpfel, Bäume und Ωmega ".bytes().cycle().take(length);
            let mut payload: Vec<u8> = text.collect();
            if !is_text && length > 3 {
                payload[length / 2] = 0xff;
            }
            frame(first, &payload)
        })
    }

    proptest! {
        #[test]
        fn the_library_reads_the_same_but_for_pings(
            frames in prop::collection::vec(any_frame(), 1..12),
            pieces in prop::collection::vec(1_usize..3_000, 1..6),
            limit in prop_oneof![Just(100_000_usize), Just(1_500)],
        ) {
            let bytes = frames.concat();
            let (out, _) = changed(&bytes, &pieces, limit);
            prop_assert_eq!(read(out, limit), read(bytes, limit));
        }

        #[test]
        fn whatever_bytes_come_nothing_panics(
            bytes in prop::collection::vec(any::<u8>(), 0..5_000),
            pieces in prop::collection::vec(1_usize..100, 1..6),
        ) {
            let (out, inbound) = changed(&bytes, &pieces, 10_000);
            prop_assert!(out.len() <= bytes.len() + bytes.len() / PIECE * 4 + LONGEST_HEADER);
            prop_assert!(inbound.ping.is_none_or(|ping| ping.len() <= MOST_OF_CONTROL));
        }
    }

    #[test]
    fn no_frame_that_passes_is_large() {
        let text = vec![b'a'; 300_000];
        let (out, _) = changed(&frame(0x81, &text), &[16_384], 1 << 20);
        let mut rest = &out[..];
        let mut sizes = Vec::new();
        while !rest.is_empty() {
            let Ok((header, size)) = Header::read(rest) else {
                panic!("no whole header")
            };
            let length = usize::try_from(header.length).unwrap();
            sizes.push(length);
            rest = &rest[size + length..];
        }
        assert!(sizes.iter().all(|size| *size <= PIECE));
        assert_eq!(sizes.iter().sum::<usize>(), 300_000);
        assert_eq!(
            read(out, 1 << 20)[0],
            Ok(Message::text("a".repeat(300_000)))
        );
    }

    #[test]
    fn of_many_pings_the_last_is_to_be_answered() {
        let pings: Vec<u8> = (0..100_u8)
            .flat_map(|number| frame(0x89, &[number]))
            .collect();
        let (out, mut inbound) = changed(&pings, &[7], 1_000);
        assert!(out.is_empty());
        assert_eq!(inbound.take_ping(), Some(vec![99]));
        assert_eq!(inbound.take_ping(), None);
        let (out, mut inbound) = changed(&frame(0x89, &[]), &[1], 1_000);
        assert!(out.is_empty() && inbound.take_ping() == Some(Vec::new()));
        // One that is none is the library's to refuse.
        let long = frame(0x89, &[0; 126]);
        let (out, mut inbound) = changed(&long, &[5], 1_000);
        assert!(out == long && inbound.take_ping().is_none());
        assert_eq!(Bytes::from(out), long);
    }
}
