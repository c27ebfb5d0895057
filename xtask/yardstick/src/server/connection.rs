//! One connection of the server, without I/O: bytes in, bytes out.

use super::frames::{self, Frames};
use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// About the size of one write of a flood.
const WRITE: usize = 256 << 10;

/// A larger buffer is freed once it is empty.
const KEPT: usize = 4 << 10;

#[derive(Default)]
pub(crate) struct Connection {
    /// The beginning of a frame.
    input: Vec<u8>,
    /// Single messages, and how much of them has been written.
    output: Vec<u8>,
    written: usize,
    floods: VecDeque<Flood>,
    is_closing: bool,
}

struct Flood {
    events: Arc<Frames>,
    next: usize,
    left: usize,
    /// The part that is being written: whole frames.
    part: Range<usize>,
    then: String,
}

impl Connection {
    pub(super) fn is_closing(&self) -> bool {
        self.is_closing
    }

    pub(crate) fn send(&mut self, text: &str) {
        frames::append(&mut self.output, frames::TEXT, text.as_bytes());
    }

    /// Sends `count` events as fast as the socket takes them, then a message.
    pub(crate) fn flood(&mut self, events: Arc<Frames>, count: usize, then: String) {
        if count == 0 || events.len() == 0 {
            self.send(&then);
            return;
        }
        self.floods.push_back(Flood {
            events,
            next: 0,
            left: count,
            part: 0..0,
            then,
        });
    }

    /// Splits the bytes that were read into messages, and unmasks them in place.
    pub(super) fn receive(
        &mut self,
        bytes: &mut [u8],
        mut act: impl FnMut(&mut Self, &[u8]),
    ) -> io::Result<()> {
        let mut joined = std::mem::take(&mut self.input);
        let bytes = if joined.is_empty() {
            bytes
        } else {
            joined.extend_from_slice(bytes);
            &mut joined
        };
        let mut at = 0;
        while let Some((opcode, payload)) = frames::first(&mut bytes[at..])? {
            let end = at + payload.end;
            let payload = &bytes[at + payload.start..end];
            at = end;
            match opcode {
                frames::TEXT => act(self, payload),
                frames::PING => frames::append(&mut self.output, frames::PONG, payload),
                frames::CLOSE => {
                    frames::append(&mut self.output, frames::CLOSE, payload);
                    self.is_closing = true;
                }
                _ => {}
            }
        }
        self.input.extend_from_slice(&bytes[at..]);
        Ok(())
    }

    /// The bytes to write next. Single messages go between two writes of a flood.
    pub(super) fn output(&mut self) -> Option<&[u8]> {
        let is_within = self
            .floods
            .front()
            .is_some_and(|flood| !flood.part.is_empty());
        if !is_within {
            if self.written < self.output.len() {
                return Some(&self.output[self.written..]);
            }
            if self.is_closing {
                return None;
            }
            let flood = self.floods.front_mut()?;
            let (part, count) = flood.events.some(flood.next, flood.left, WRITE);
            flood.part = part;
            flood.left -= count;
            flood.next = (flood.next + count) % flood.events.len();
        }
        let flood = self.floods.front()?;
        Some(flood.events.bytes(flood.part.clone()))
    }

    /// Notes how much of [`output`](Self::output) was written.
    pub(super) fn wrote(&mut self, count: usize) {
        let within = self
            .floods
            .front_mut()
            .filter(|flood| !flood.part.is_empty());
        let Some(flood) = within else {
            self.written += count;
            if self.written == self.output.len() {
                self.written = 0;
                self.output.clear();
                self.output.shrink_to(KEPT);
            }
            return;
        };
        flood.part.start += count;
        if flood.part.is_empty() && flood.left == 0 {
            let then = std::mem::take(&mut flood.then);
            self.floods.pop_front();
            self.send(&then);
        }
    }
}
