use crate::frame::RawFrame;
use crate::lost::Lost;
use std::io::Cursor;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// The longest header: two bytes, eight for the length, four for a mask.
const LONGEST_HEADER: usize = 14;

/// The largest payload of a control frame.
const LARGEST_CONTROL: u64 = 125;

/// One message of the server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    Text(RawFrame),
    /// A binary message of this length, without its content.
    Binary(usize),
    Ping(Vec<u8>),
    Pong,
    /// The code is 1005 if the frame had none.
    Close {
        code: u16,
        reason: String,
    },
}

/// Reads the messages of a server from its bytes, as RFC 6455 requires of a client. No I/O: it takes bytes as they arrive.
///
/// It holds the bytes of one incomplete text message or control frame, and no memory between two messages.
#[derive(Debug)]
pub(super) struct FrameReader {
    /// The largest message in bytes.
    limit: usize,
    state: State,
    /// The data message whose end has not arrived.
    message: Option<Incomplete>,
}

#[derive(Debug)]
enum State {
    /// The part of a header that has arrived.
    Header {
        bytes: [u8; LONGEST_HEADER],
        have: usize,
    },
    /// The payload of a data frame, which belongs to the incomplete message.
    Data { left: usize, is_final: bool },
    Control {
        opcode: Control,
        left: usize,
        payload: Vec<u8>,
    },
}

/// A data message of which a part has arrived.
#[derive(Debug)]
struct Incomplete {
    kind: Data,
    length: usize,
    /// The bytes so far, if it is text.
    text: Vec<u8>,
}

impl State {
    const START: Self = Self::Header {
        bytes: [0; LONGEST_HEADER],
        have: 0,
    };
}

impl FrameReader {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            state: State::START,
            message: None,
        }
    }

    /// Reads up to the end of the next message, and removes the read bytes from `input`. `None`: no byte is left.
    ///
    /// # Errors
    ///
    /// The server violated the protocol or the limit. The reader must not be used after that.
    pub(super) fn read(&mut self, input: &mut &[u8]) -> Result<Option<Message>, Lost> {
        while !input.is_empty() {
            if matches!(self.state, State::Header { have: 0, .. })
                && self.message.is_none()
                && let Some(payload) = whole_text(input, self.limit)
            {
                return text(payload).map(Some);
            }
            let message = match &mut self.state {
                State::Header { bytes, have } => {
                    let Some((header, length)) = read_header(bytes, have, input)? else {
                        continue;
                    };
                    self.state = State::START;
                    self.begin(&header, length)?
                }
                State::Data { left, is_final } => {
                    let now = take(input, *left);
                    *left -= now.len();
                    let is_complete = *left == 0 && *is_final;
                    if *left == 0 {
                        self.state = State::START;
                    }
                    self.extend(now);
                    if is_complete { self.complete()? } else { None }
                }
                State::Control {
                    opcode,
                    left,
                    payload,
                } => {
                    let now = take(input, *left);
                    *left -= now.len();
                    payload.extend_from_slice(now);
                    if *left == 0 {
                        let (opcode, payload) = (*opcode, std::mem::take(payload));
                        self.state = State::START;
                        Some(control(opcode, payload)?)
                    } else {
                        None
                    }
                }
            };
            if message.is_some() {
                return Ok(message);
            }
        }
        Ok(None)
    }

    /// Begins a frame. Returns the message if the frame is empty and ends one.
    fn begin(&mut self, header: &FrameHeader, length: u64) -> Result<Option<Message>, Lost> {
        let oversize = || Lost::Oversize { limit: self.limit };
        let size = usize::try_from(length).map_err(|_| oversize())?;
        if size > self.limit {
            return Err(oversize());
        }
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(broken(ProtocolError::NonZeroReservedBits));
        }
        if header.mask.is_some() {
            return Err(broken(ProtocolError::MaskedFrameFromServer));
        }
        match header.opcode {
            OpCode::Control(_) if !header.is_final => {
                Err(broken(ProtocolError::FragmentedControlFrame))
            }
            OpCode::Control(_) if length > LARGEST_CONTROL => {
                Err(broken(ProtocolError::ControlFrameTooBig))
            }
            OpCode::Control(opcode) if size == 0 => control(opcode, Vec::new()).map(Some),
            OpCode::Control(opcode) => {
                self.state = State::Control {
                    opcode,
                    left: size,
                    payload: Vec::with_capacity(size),
                };
                Ok(None)
            }
            OpCode::Data(kind) => self.begin_data(kind, header.is_final, size),
        }
    }

    fn begin_data(
        &mut self,
        kind: Data,
        is_final: bool,
        size: usize,
    ) -> Result<Option<Message>, Lost> {
        match (&mut self.message, kind) {
            (None, Data::Continue) => return Err(broken(ProtocolError::UnexpectedContinueFrame)),
            (Some(_), Data::Text | Data::Binary | Data::Reserved(_)) => {
                return Err(broken(ProtocolError::ExpectedFragment(kind)));
            }
            (Some(message), Data::Continue) => {
                if size > self.limit - message.length {
                    return Err(Lost::Oversize { limit: self.limit });
                }
            }
            (message @ None, _) => {
                *message = Some(Incomplete {
                    kind,
                    length: 0,
                    text: Vec::new(),
                });
            }
        }
        if size > 0 {
            self.state = State::Data {
                left: size,
                is_final,
            };
            Ok(None)
        } else if is_final {
            self.complete()
        } else {
            Ok(None)
        }
    }

    fn extend(&mut self, bytes: &[u8]) {
        if let Some(message) = &mut self.message {
            message.length += bytes.len();
            if message.kind == Data::Text {
                message.text.extend_from_slice(bytes);
            }
        }
    }

    fn complete(&mut self) -> Result<Option<Message>, Lost> {
        self.message
            .take()
            .map(|message| match message.kind {
                Data::Text => text(&message.text),
                _ => Ok(Message::Binary(message.length)),
            })
            .transpose()
    }
}

/// Takes a text message that is one frame and has arrived as a whole, as most messages. It is read in place, without a copy in
/// between.
#[inline]
fn whole_text<'a>(input: &mut &'a [u8], limit: usize) -> Option<&'a [u8]> {
    /// The first byte of the last frame of a text, without extensions.
    const FINAL_TEXT: u8 = 0x81;
    let (size, mut rest) = match *input {
        [FINAL_TEXT, size @ ..126, rest @ ..] => (usize::from(*size), rest),
        [FINAL_TEXT, 126, high, low, rest @ ..] => {
            (usize::from(u16::from_be_bytes([*high, *low])), rest)
        }
        _ => return None,
    };
    if size > limit || size > rest.len() {
        return None;
    }
    let payload = take(&mut rest, size);
    *input = rest;
    Some(payload)
}

/// Takes a header from the input, or a part of it if the rest has not arrived.
fn read_header(
    bytes: &mut [u8; LONGEST_HEADER],
    have: &mut usize,
    input: &mut &[u8],
) -> Result<Option<(FrameHeader, u64)>, Lost> {
    if *have == 0 {
        let mut cursor = Cursor::new(*input);
        if let Some(header) = parse(&mut cursor)? {
            let size = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
            take(input, size);
            return Ok(Some(header));
        }
    }
    // The header is split between two reads: its bytes are collected.
    while let [first, rest @ ..] = *input
        && let Some(free) = bytes.get_mut(*have)
    {
        *free = *first;
        *have += 1;
        *input = rest;
        if let Some(header) = parse(&mut Cursor::new(&bytes[..*have]))? {
            return Ok(Some(header));
        }
    }
    Ok(None)
}

fn parse(bytes: &mut Cursor<&[u8]>) -> Result<Option<(FrameHeader, u64)>, Lost> {
    FrameHeader::parse(bytes).map_err(|error| match error {
        Error::Protocol(error) => broken(error),
        other => Lost::Protocol(other.to_string()),
    })
}

/// Removes up to `length` bytes from the beginning of the input.
fn take<'a>(input: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, rest) = input.split_at(length.min(input.len()));
    *input = rest;
    taken
}

fn text(bytes: &[u8]) -> Result<Message, Lost> {
    let text = std::str::from_utf8(bytes).map_err(|_| Lost::InvalidUtf8)?;
    Ok(Message::Text(RawFrame::from(text)))
}

fn control(opcode: Control, payload: Vec<u8>) -> Result<Message, Lost> {
    match (opcode, &payload[..]) {
        (Control::Ping, _) => Ok(Message::Ping(payload)),
        (Control::Pong, _) => Ok(Message::Pong),
        (Control::Close, []) => Ok(Message::Close {
            code: 1005,
            reason: String::new(),
        }),
        (Control::Close, [high, low, reason @ ..]) => Ok(Message::Close {
            code: u16::from_be_bytes([*high, *low]),
            reason: std::str::from_utf8(reason)
                .map_err(|_| Lost::InvalidUtf8)?
                .to_owned(),
        }),
        (Control::Close, [_]) => Err(broken(ProtocolError::InvalidCloseSequence)),
        (Control::Reserved(opcode), _) => {
            Err(broken(ProtocolError::UnknownControlFrameType(opcode)))
        }
    }
}

fn broken(error: ProtocolError) -> Lost {
    Lost::Protocol(Error::Protocol(error).to_string())
}

#[cfg(test)]
mod tests {
    use super::super::library::{frame, read_all};
    use super::*;
    use proptest::prelude::*;
    use tokio_tungstenite::tungstenite::Message as Theirs;
    use tokio_tungstenite::tungstenite::protocol::Role;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

    type Read = Vec<Result<Message, String>>;

    fn as_text(lost: Lost) -> String {
        match lost {
            Lost::Oversize { .. } => "oversize".to_owned(),
            Lost::InvalidUtf8 => "not UTF-8".to_owned(),
            Lost::Protocol(text) => text,
            other => panic!("{other:?}"),
        }
    }

    /// Returns the messages up to the first close frame or error, read in pieces of these sizes.
    fn ours(bytes: &[u8], pieces: &[usize], limit: usize) -> Read {
        let mut reader = FrameReader::new(limit);
        let mut read = Vec::new();
        let mut rest = bytes;
        for piece in pieces.iter().cycle() {
            let mut now = take(&mut rest, *piece);
            loop {
                let message = reader.read(&mut now).map_err(as_text).transpose();
                let is_last = matches!(&message, Some(Err(_) | Ok(Message::Close { .. })));
                let Some(message) = message else { break };
                read.push(message);
                if is_last {
                    return read;
                }
            }
            assert!(now.is_empty(), "all bytes are read");
            if rest.is_empty() {
                break;
            }
        }
        read
    }

    /// Returns the messages that the websocket library reads.
    fn theirs(bytes: Vec<u8>, limit: usize) -> Read {
        let mut read = Vec::new();
        for message in read_all(bytes, Role::Client, limit) {
            let message = match message {
                Err(error) => match error {
                    Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => break,
                    Error::Capacity(_) => Err("oversize".to_owned()),
                    Error::Utf8(_) => Err("not UTF-8".to_owned()),
                    other => Err(other.to_string()),
                },
                Ok(Theirs::Text(text)) => Ok(Message::Text(text.as_str().into())),
                Ok(Theirs::Binary(bytes)) => Ok(Message::Binary(bytes.len())),
                Ok(Theirs::Ping(payload)) => Ok(Message::Ping(payload.to_vec())),
                Ok(Theirs::Pong(_)) => Ok(Message::Pong),
                Ok(Theirs::Close(None)) => Ok(Message::Close {
                    code: 1005,
                    reason: String::new(),
                }),
                Ok(Theirs::Close(Some(frame))) => Ok(Message::Close {
                    code: frame.code.into(),
                    reason: frame.reason.to_string(),
                }),
                Ok(Theirs::Frame(_)) => panic!("a raw frame"),
            };
            let is_last = matches!(&message, Err(_) | Ok(Message::Close { .. }));
            read.push(message);
            if is_last {
                break;
            }
        }
        read
    }

    /// Replaces a code that must not be sent, as the library does.
    fn with_allowed_code(message: Result<Message, String>) -> Result<Message, String> {
        match message {
            Ok(Message::Close { code, .. })
                if code != 1005 && !CloseCode::from(code).is_allowed() =>
            {
                Ok(Message::Close {
                    code: 1002,
                    reason: "Protocol violation".to_owned(),
                })
            }
            other => other,
        }
    }

    /// A frame of a server, usual or unusual, valid or invalid.
    fn any_frame() -> impl Strategy<Value = Vec<u8>> {
        let length = prop_oneof![
            4 => 0_usize..200,
            1 => 1_000_usize..1_100,
            1 => 2_040_usize..2_060,
            1 => Just(70_000)
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
        let mask = prop_oneof![20 => Just(None), 1 => Just(Some([1, 2, 3, 4]))];
        (first, length, 0..8_u8, mask).prop_map(|(first, length, odd, mask)| {
            let text = "Äpfel, Bäume und Ωmega ".bytes().cycle().take(length);
            let mut payload: Vec<u8> = text.collect();
            if odd == 0 && length > 3 {
                payload[length / 2] = 0xff;
            }
            if first & 0x0f == 8 && odd > 1 && length >= 2 {
                let code = [1000_u16, 1006, 3000, 999][usize::from(odd % 4)];
                payload[..2].copy_from_slice(&code.to_be_bytes());
            }
            frame(first, mask, &payload)
        })
    }

    proptest! {
        #[test]
        fn every_message_is_read_as_the_library_reads_it(
            frames in prop::collection::vec(any_frame(), 1..12),
            pieces in prop::collection::vec(1_usize..3_000, 1..6),
            limit in prop_oneof![Just(100_000_usize), Just(1_500)],
        ) {
            let bytes = frames.concat();
            let ours: Read = ours(&bytes, &pieces, limit).into_iter().map(with_allowed_code).collect();
            let theirs = theirs(bytes, limit);
            match theirs.split_last() {
                // The library checks each fragment, this reader the whole message: no data message can come before its end.
                Some((Err(error), before)) if error == "not UTF-8" => {
                    prop_assert!(ours.starts_with(before));
                    let rest = &ours[before.len()..];
                    let is_data = |read: &Result<Message, String>| matches!(read, Ok(Message::Text(_) | Message::Binary(_)));
                    prop_assert!(!rest.iter().any(is_data), "{:?}", rest);
                }
                _ => prop_assert_eq!(ours, theirs),
            }
        }

        #[test]
        fn any_bytes_cause_no_panic_and_keep_little_memory(
            bytes in prop::collection::vec(any::<u8>(), 0..5_000),
            pieces in prop::collection::vec(1_usize..100, 1..6),
        ) {
            ours(&bytes, &pieces, 10_000);
            let mut reader = FrameReader::new(10_000);
            // A header allocates no memory, for a frame of any size.
            let _ = reader.read(&mut &frame(0x81, None, &vec![b'a'; 9_000])[..4]);
            prop_assert!(reader.message.is_some_and(|message| message.text.capacity() == 0));
        }
    }

    #[test]
    fn a_text_in_three_frames_with_a_ping_between_is_one_message() {
        let bytes = [
            frame(0x01, None, "Ä".as_bytes().split_at(1).0),
            frame(0x89, None, &[7]),
            frame(0x00, None, "Ä".as_bytes().split_at(1).1),
            frame(0x80, None, b"!"),
        ]
        .concat();
        for piece in [1, 2, 3, 100] {
            let read = ours(&bytes, &[piece], 1_000);
            let expected = [Message::Ping(vec![7]), Message::Text("Ä!".into())].map(Ok);
            assert_eq!(read, expected);
        }
    }
}
