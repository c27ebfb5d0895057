//! Frames as they go over the wire: those of a server unmasked, those of a client masked.

use std::io;
use std::ops::Range;

pub(crate) const TEXT: u8 = 0x1;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xa;

/// Appends a frame of a server.
pub(crate) fn append(to: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    to.push(0x80 | opcode);
    if let Ok(length @ 0..=125) = u8::try_from(payload.len()) {
        to.push(length);
    } else if let Ok(length) = u16::try_from(payload.len()) {
        to.push(126);
        to.extend(length.to_be_bytes());
    } else {
        to.push(127);
        to.extend((payload.len() as u64).to_be_bytes());
    }
    to.extend_from_slice(payload);
}

/// Unmasks the first frame of a client in `bytes`, and returns its opcode and the place of its payload. `None` if a part is
/// missing.
pub(crate) fn first(bytes: &mut [u8]) -> io::Result<Option<(u8, Range<usize>)>> {
    let [first, second, rest @ ..] = bytes else {
        return Ok(None);
    };
    let is_whole = *first & 0x80 != 0 && *first & 0xf != 0;
    if !is_whole || *second & 0x80 == 0 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let opcode = *first & 0xf;
    let (length, header) = match (*second & 0x7f, &*rest) {
        (126, [high, low, ..]) => (usize::from(u16::from_be_bytes([*high, *low])), 4),
        (126, _) => return Ok(None),
        // None of the clients sends so long a frame.
        (127, _) => return Err(io::ErrorKind::InvalidData.into()),
        (length, _) => (usize::from(length), 2),
    };
    let begin = header + 4;
    let Some(frame) = bytes.get_mut(header..begin + length) else {
        return Ok(None);
    };
    let (mask, payload) = frame.split_at_mut(4);
    for part in payload.chunks_mut(4) {
        for (byte, mask) in part.iter_mut().zip(&*mask) {
            *byte ^= mask;
        }
    }
    Ok(Some((opcode, begin..begin + length)))
}

/// Encoded events, sent in a circle.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
    /// The end of each frame.
    ends: Vec<usize>,
}

impl Frames {
    pub(crate) fn new<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        let mut frames = Self::default();
        for text in texts {
            append(&mut frames.bytes, TEXT, text.as_ref().as_bytes());
            frames.ends.push(frames.bytes.len());
        }
        frames
    }

    /// The same bytes, each of them a part of its own.
    pub(crate) fn byte_by_byte(&self) -> Self {
        let bytes = self.bytes.clone();
        let ends = (1..=bytes.len()).collect();
        Self { bytes, ends }
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.bytes[range]
    }

    /// One frame.
    pub(crate) fn frame(&self, at: usize) -> &[u8] {
        self.bytes(self.begin(at)..self.ends[at])
    }

    /// Whole frames from one on, at most `count` and about `size` bytes: their bytes, and how many they are.
    pub(crate) fn some(&self, from: usize, count: usize, size: usize) -> (Range<usize>, usize) {
        let begin = self.begin(from);
        let last = self.len().min(from.saturating_add(count));
        let fits = |end: &usize| *end <= begin + size;
        let count = self.ends[from..last].partition_point(fits).max(1);
        (begin..self.ends[from + count - 1], count)
    }

    fn begin(&self, at: usize) -> usize {
        at.checked_sub(1).map_or(0, |before| self.ends[before])
    }
}
