//! Finding the texts in the bytes of a websocket, one direction at a time.

use super::SHOWN;
use std::io::Cursor;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// The longest handshake that is waited for. Whatever begins otherwise is no websocket, and nothing of it is shown.
const LONGEST_HANDSHAKE: usize = 64 * 1024;

/// The longest header of a frame.
const LONGEST_HEADER: usize = 14;

/// What has been read of one direction.
#[derive(Default)]
pub(crate) struct Texts {
    state: State,
    /// Bytes that are not understood yet: of the handshake, or of a frame's header.
    pending: Vec<u8>,
    /// The beginning of the present message.
    message: Vec<u8>,
}

#[derive(Default)]
enum State {
    #[default]
    Handshake,
    Header,
    Payload {
        header: FrameHeader,
        /// How much of it has come.
        at: usize,
        left: u64,
    },
    /// These are no frames.
    Lost,
}

impl Texts {
    /// Takes the next bytes, and calls `emit` with each message that they end.
    pub(crate) fn read(&mut self, mut bytes: &[u8], mut emit: impl FnMut(&str)) {
        while !bytes.is_empty() {
            let (used, next) = match &mut self.state {
                State::Lost => return,
                State::Handshake => handshake(&mut self.pending, bytes),
                State::Header => header(&mut self.pending, bytes),
                State::Payload { header, at, left } => {
                    let here = usize::try_from(*left)
                        .unwrap_or(usize::MAX)
                        .min(bytes.len());
                    if matches!(header.opcode, OpCode::Data(_)) {
                        let room = SHOWN.saturating_sub(self.message.len()).min(here);
                        let mask = header.mask.unwrap_or_default();
                        let unmasked = bytes[..room].iter().enumerate();
                        self.message
                            .extend(unmasked.map(|(i, byte)| byte ^ mask[(*at + i) % 4]));
                    }
                    *at = at.wrapping_add(here);
                    *left -= here as u64;
                    (here, None)
                }
            };
            bytes = &bytes[used..];
            if let Some(next) = next {
                self.state = next;
            }
            self.end_frame(&mut emit);
        }
    }

    fn end_frame(&mut self, emit: &mut impl FnMut(&str)) {
        let State::Payload {
            header, left: 0, ..
        } = &self.state
        else {
            return;
        };
        if header.is_final && matches!(header.opcode, OpCode::Data(Data::Text | Data::Continue)) {
            emit(&String::from_utf8_lossy(&self.message));
        }
        if header.is_final && matches!(header.opcode, OpCode::Data(_)) {
            self.message.clear();
        }
        self.state = State::Header;
    }
}

/// How many of the bytes belong to the handshake, and what comes after it if it ends here.
fn handshake(pending: &mut Vec<u8>, bytes: &[u8]) -> (usize, Option<State>) {
    const END: &[u8] = b"\r\n\r\n";

    let before = pending.len();
    pending.extend_from_slice(bytes);
    let from = before.saturating_sub(END.len() - 1);
    let end = pending[from..]
        .windows(END.len())
        .position(|four| four == END);
    match end {
        Some(end) => {
            pending.clear();
            (from + end + END.len() - before, Some(State::Header))
        }
        None if pending.len() > LONGEST_HANDSHAKE => (bytes.len(), Some(State::Lost)),
        None => (bytes.len(), None),
    }
}

/// How many of the bytes belong to a header, and what it heads if it ends here.
fn header(pending: &mut Vec<u8>, bytes: &[u8]) -> (usize, Option<State>) {
    let before = pending.len();
    pending.extend(
        bytes
            .iter()
            .take(LONGEST_HEADER - before.min(LONGEST_HEADER)),
    );
    let mut cursor = Cursor::new(&*pending);
    match FrameHeader::parse(&mut cursor) {
        Ok(Some((header, left))) => {
            let used = usize::try_from(cursor.position()).unwrap_or(before);
            pending.clear();
            let next = State::Payload {
                header,
                at: 0,
                left,
            };
            (used.saturating_sub(before), Some(next))
        }
        Ok(None) if pending.len() < LONGEST_HEADER => (bytes.len(), None),
        Ok(None) | Err(_) => (bytes.len(), Some(State::Lost)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(first: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
        let masked = if mask.is_some() { 0x80 } else { 0 };
        let mut bytes = vec![first];
        if let Ok(length) = u8::try_from(payload.len())
            .map_err(|_| ())
            .and_then(|length| if length < 126 { Ok(length) } else { Err(()) })
        {
            bytes.push(masked | length);
        } else {
            bytes.push(masked | 127);
            bytes.extend((payload.len() as u64).to_be_bytes());
        }
        bytes.extend(
            mask.unwrap_or_default()
                .iter()
                .take(if mask.is_some() { 4 } else { 0 }),
        );
        let mask = mask.unwrap_or_default();
        bytes.extend(
            payload
                .iter()
                .enumerate()
                .map(|(i, byte)| byte ^ mask[i % 4]),
        );
        bytes
    }

    fn stream() -> Vec<u8> {
        let mut bytes = b"GET / HTTP/1.1\r\nAuthorization: Bearer abc\r\n\r\n".to_vec();
        bytes.extend(frame(0x81, b"one", Some([1, 2, 3, 4])));
        bytes.extend(frame(0x89, b"ping", None));
        bytes.extend(frame(0x01, "tw\u{f6}".as_bytes(), None));
        bytes.extend(frame(0x8a, b"", Some([9, 9, 9, 9])));
        bytes.extend(frame(0x80, b"-parts", Some([5, 6, 7, 8])));
        bytes.extend(frame(0x82, b"binary", None));
        bytes.extend(frame(0x81, &vec![b'x'; SHOWN + 10], None));
        bytes.extend(frame(0x81, b"", None));
        bytes.extend(frame(0x81, b"last", None));
        bytes
    }

    #[test]
    fn messages_are_found_however_the_bytes_are_cut() {
        for size in [1, 2, 3, 7, 64, 1 << 20] {
            let (mut texts, mut found) = (Texts::default(), Vec::new());
            for bytes in stream().chunks(size) {
                texts.read(bytes, |text| found.push(text.to_owned()));
            }
            assert_eq!(found[..2], ["one", "tw\u{f6}-parts"], "in pieces of {size}");
            assert_eq!(found[2].len(), SHOWN);
            assert_eq!(found[3..], ["", "last"]);
        }
    }

    #[test]
    fn what_is_no_websocket_shows_nothing() {
        let mut texts = Texts::default();
        texts.read(&vec![b'a'; LONGEST_HANDSHAKE + 1], |_| panic!("a message"));
        texts.read(b"\r\n\r\n\x81\x01a", |_| panic!("a message"));
        assert!(texts.pending.len() <= LONGEST_HANDSHAKE + 1);
    }
}
