use super::observer::{Direction, Observer};
use super::report::LinkReport;
use std::any::Any;
use std::collections::VecDeque;
use std::sync::Weak;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// The most bytes that are encoded ahead of the socket: enough for many commands in one write. A frame that is not encoded
/// can still be taken back.
const AHEAD: usize = 16 * 1024;

/// A buffer of this capacity is kept between two writes of a busy connection.
const KEPT: usize = 2 * AHEAD;

/// The owner of a queued frame: a frame is not sent after its owner was dropped.
pub type Owner = Weak<dyn Any + Send + Sync>;

/// The outgoing frames of one connection. No I/O: it encodes, the link writes.
#[derive(Debug, Default)]
pub(super) struct FrameWriter {
    queue: VecDeque<Outgoing>,
    /// Encoded frames, of which `written` bytes have been written.
    buffer: Vec<u8>,
    written: usize,
    observer: Option<Observer>,
}

#[derive(Debug)]
enum Outgoing {
    Text {
        text: String,
        tag: Option<u64>,
        owner: Option<Owner>,
    },
    Ping,
    Pong(Vec<u8>),
}

impl FrameWriter {
    pub(super) fn new(observer: Option<Observer>) -> Self {
        Self {
            observer,
            ..Self::default()
        }
    }

    pub(super) fn text(&mut self, text: String, tag: Option<u64>, owner: Option<Owner>) {
        self.queue.push_back(Outgoing::Text { text, tag, owner });
    }

    pub(super) fn ping(&mut self) {
        self.queue.push_back(Outgoing::Ping);
    }

    /// Queues the reply to a ping before everything else. It replaces a pong that is still queued: the reply to the last ping
    /// suffices.
    pub(super) fn pong(&mut self, payload: Vec<u8>) {
        let queued = self.queue.iter_mut().find_map(|outgoing| match outgoing {
            Outgoing::Pong(queued) => Some(queued),
            _ => None,
        });
        match queued {
            Some(queued) => *queued = payload,
            None => self.queue.push_front(Outgoing::Pong(payload)),
        }
    }

    /// Encodes a close frame after the encoded frames, and drops the other frames. A code that must not be sent is replaced by
    /// 1002; 1005 is sent as no code.
    pub(super) fn close(&mut self, code: u16, reason: &str) {
        use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
        self.queue.clear();
        let mut payload = Vec::new();
        if code != 1005 {
            let code = match CloseCode::from(code) {
                code if code.is_allowed() => code,
                _ => CloseCode::Protocol,
            };
            payload.extend_from_slice(&u16::from(code).to_be_bytes());
            payload.extend_from_slice(reason.as_bytes());
        }
        self.encode(OpCode::Control(Control::Close), &payload);
    }

    /// Takes a frame back. False if it is encoded already or was never queued.
    pub(super) fn recall(&mut self, wanted: u64) -> bool {
        let before = self.queue.len();
        self.queue.retain(
            |outgoing| !matches!(outgoing, Outgoing::Text { tag: Some(tag), .. } if *tag == wanted),
        );
        self.queue.len() < before
    }

    /// The bytes to write next; `None` if all are written. Encodes queued frames when all encoded frames are written, and reports
    /// those with a tag: from here on a frame may reach the server.
    pub(super) fn next(&mut self, mut report: impl FnMut(LinkReport)) -> Option<&[u8]> {
        if self.written == self.buffer.len() {
            self.written = 0;
            self.buffer.clear();
            while self.buffer.len() < AHEAD
                && let Some(outgoing) = self.queue.pop_front()
            {
                match outgoing {
                    Outgoing::Text {
                        tag: Some(tag),
                        owner: Some(owner),
                        ..
                    } if owner.strong_count() == 0 => report(LinkReport::Skipped(tag)),
                    Outgoing::Text { text, tag, .. } => {
                        if let Some(observer) = &self.observer {
                            observer.see(Direction::Sent, &text);
                        }
                        self.encode(OpCode::Data(Data::Text), text.as_bytes());
                        if let Some(tag) = tag {
                            report(LinkReport::Written(tag));
                        }
                    }
                    Outgoing::Ping => self.encode(OpCode::Control(Control::Ping), &[]),
                    Outgoing::Pong(payload) => {
                        self.encode(OpCode::Control(Control::Pong), &payload);
                    }
                }
            }
        }
        let rest = &self.buffer[self.written..];
        (!rest.is_empty()).then_some(rest)
    }

    /// Notes that this number of bytes of [`next`](Self::next) are written.
    pub(super) fn advance(&mut self, written: usize) {
        self.written = (self.written + written).min(self.buffer.len());
        if self.written == self.buffer.len() && self.buffer.capacity() > KEPT {
            self.buffer = Vec::new();
            self.written = 0;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.written == self.buffer.len()
    }

    /// Frees the memory of an empty writer: the connection is idle.
    pub(super) fn shrink(&mut self) {
        if self.is_empty() && self.buffer.capacity() + self.queue.capacity() > 0 {
            self.queue = VecDeque::new();
            self.buffer = Vec::new();
            self.written = 0;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Encodes one whole frame, masked as the protocol requires of a client.
    fn encode(&mut self, opcode: OpCode, payload: &[u8]) {
        let mask: [u8; 4] = rand::random();
        let header = FrameHeader {
            opcode,
            mask: Some(mask),
            ..FrameHeader::default()
        };
        let length = payload.len();
        self.buffer.reserve(header.len(length as u64) + length);
        // Writing to memory cannot fail.
        let _ = header.format(length as u64, &mut self.buffer);
        let from = self.buffer.len();
        self.buffer.extend_from_slice(payload);
        for chunk in self.buffer[from..].chunks_mut(mask.len()) {
            for (byte, key) in chunk.iter_mut().zip(mask) {
                *byte ^= key;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::library::read_all;
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::protocol::Role;

    #[derive(Clone, Debug)]
    enum Step {
        Text {
            length: usize,
            is_owned: bool,
        },
        Ping,
        Pong,
        /// Takes back the frame of this number.
        Recall(u64),
        /// All owners are dropped.
        Leave,
        /// The socket takes this number of bytes.
        Write(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let length = prop_oneof![9 => 0_usize..300, 1 => 60_000_usize..70_000];
        prop_oneof![
            8 => (length, any::<bool>()).prop_map(|(length, is_owned)| Step::Text { length, is_owned }),
            1 => Just(Step::Ping),
            1 => Just(Step::Pong),
            2 => (0..20_u64).prop_map(Step::Recall),
            1 => Just(Step::Leave),
            4 => (1_usize..40_000).prop_map(Step::Write),
        ]
    }

    /// Writes up to this number of bytes.
    fn write(
        writer: &mut FrameWriter,
        mut most: usize,
        wire: &mut Vec<u8>,
        written: &mut Vec<u64>,
        skipped: &mut Vec<u64>,
    ) {
        while most > 0 {
            let next = writer.next(|report| match report {
                LinkReport::Written(tag) => written.push(tag),
                LinkReport::Skipped(tag) => skipped.push(tag),
                other => panic!("{other:?}"),
            });
            let Some(bytes) = next else { return };
            let count = bytes.len().min(most);
            wire.extend(&bytes[..count]);
            writer.advance(count);
            most -= count;
        }
    }

    proptest! {
        #[test]
        fn a_frame_is_written_once_whole_and_in_order_or_not_at_all(steps in prop::collection::vec(step(), 0..60)) {
            let mut writer = FrameWriter::default();
            let (mut wire, mut written, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
            let mut owner = Arc::new(());
            let (mut texts, mut recalled) = (Vec::new(), Vec::new());
            let mut pongs = 0_usize;
            for step in steps {
                match step {
                    Step::Text { length, is_owned } => {
                        let tag = texts.len() as u64;
                        let text = format!("{tag} {}", "ä".repeat(length / 2));
                        texts.push(text.clone());
                        let owner = is_owned.then(|| -> Owner { Arc::<()>::downgrade(&owner) });
                        writer.text(text, Some(tag), owner);
                    }
                    Step::Ping => writer.ping(),
                    Step::Pong => {
                        pongs += 1;
                        writer.pong(pongs.to_be_bytes().to_vec());
                    }
                    Step::Recall(tag) => {
                        if writer.recall(tag) {
                            recalled.push(tag);
                        }
                    }
                    Step::Leave => owner = Arc::new(()),
                    Step::Write(most) => write(&mut writer, most, &mut wire, &mut written, &mut skipped),
                }
                writer.shrink();
            }
            write(&mut writer, usize::MAX, &mut wire, &mut written, &mut skipped);
            prop_assert!(writer.is_empty());
            prop_assert!(writer.buffer.capacity() <= KEPT);

            let (mut read, mut last_pong) = (Vec::new(), 0);
            for message in read_all(wire, Role::Server, 1 << 20).into_iter().flatten() {
                match message {
                    Message::Text(text) => read.push(text.to_string()),
                    Message::Ping(payload) => prop_assert!(payload.is_empty()),
                    Message::Pong(payload) => {
                        let pong = usize::from_be_bytes(payload[..].try_into().unwrap());
                        prop_assert!(pong > last_pong);
                        last_pong = pong;
                    }
                    other => panic!("{other:?}"),
                }
            }
            prop_assert_eq!(last_pong, pongs, "the last ping has its pong");
            let expected: Vec<_> = written.iter().map(|tag| texts[usize::try_from(*tag).unwrap()].clone()).collect();
            prop_assert_eq!(read, expected);
            prop_assert!(written.is_sorted());
            let mut all = [written, skipped, recalled].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..texts.len() as u64).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_frame_can_be_taken_back_until_the_frames_before_it_are_written() {
        let mut writer = FrameWriter::default();
        for tag in 0..3 {
            writer.text("a".repeat(AHEAD), Some(tag), None);
        }
        let mut reports = Vec::new();
        let mut next = |writer: &mut FrameWriter| {
            let bytes = writer.next(|report| reports.push(report));
            bytes.map_or(0, <[u8]>::len)
        };
        let first = next(&mut writer);
        writer.advance(first - 1);
        assert_eq!(next(&mut writer), 1, "the rest of the first");
        assert!(!writer.recall(0) && writer.recall(1));
        writer.advance(1);
        assert_eq!(next(&mut writer), first);
        assert!(!writer.recall(2));
        assert!(matches!(
            reports[..],
            [LinkReport::Written(0), LinkReport::Written(2)]
        ));
    }

    #[test]
    fn a_close_frame_drops_the_queue_and_has_an_allowed_code() {
        for (code, sent) in [
            (1000, Some(1000)),
            (4001, Some(4001)),
            (1005, None),
            (1006, Some(1002)),
            (50_000, Some(1002)),
        ] {
            let mut writer = FrameWriter::default();
            writer.text("never sent".to_owned(), None, None);
            writer.close(code, "bye");
            let bytes = writer.next(|_| ()).unwrap().to_vec();
            let messages = read_all(bytes, Role::Server, 1_000);
            let Ok(Message::Close(frame)) = &messages[0] else {
                panic!("{messages:?}");
            };
            assert_eq!(frame.as_ref().map(|frame| u16::from(frame.code)), sent);
        }
    }
}
