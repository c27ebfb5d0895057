//! Frames as they go over the wire: those of a server unmasked, those of a client masked.

use std::io;
use std::ops::Range;

pub(crate) const TEXT: u8 = 0x1;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xa;

/// A longer frame of a client is an error.
const LONGEST: usize = 1 << 20;

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

/// The first frame of a client in `bytes`: its opcode, its unmasked payload and its length as a whole. `None` if a part is
/// missing.
pub(crate) fn first(bytes: &[u8]) -> io::Result<Option<(u8, Vec<u8>, usize)>> {
    let [first, second, rest @ ..] = bytes else {
        return Ok(None);
    };
    let is_whole = first & 0x80 != 0 && first & 0xf != 0;
    if !is_whole || second & 0x80 == 0 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let (length, rest) = match second & 0x7f {
        126 => match rest.split_first_chunk() {
            Some((length, rest)) => (u64::from(u16::from_be_bytes(*length)), rest),
            None => return Ok(None),
        },
        127 => match rest.split_first_chunk() {
            Some((length, rest)) => (u64::from_be_bytes(*length), rest),
            None => return Ok(None),
        },
        length => (u64::from(length), rest),
    };
    let length = usize::try_from(length)
        .ok()
        .filter(|length| *length <= LONGEST);
    let length = length.ok_or(io::ErrorKind::InvalidData)?;
    let Some((mask, rest)) = rest.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let Some(masked) = rest.get(..length) else {
        return Ok(None);
    };
    let payload = masked.iter().zip(mask.iter().cycle());
    let payload = payload.map(|(byte, mask)| byte ^ mask).collect();
    let whole = bytes.len() - (rest.len() - length);
    Ok(Some((first & 0xf, payload, whole)))
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
