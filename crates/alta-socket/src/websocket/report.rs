use crate::frame::RawFrame;
use crate::lost::Lost;
use crate::read_at::ReadAt;

/// One report of a link.
#[derive(Debug)]
pub(crate) enum LinkReport {
    Text(RawFrame, ReadAt),
    Binary(usize),
    /// Bytes arrived that complete no message: a ping, a pong, a part of a frame.
    Heard,
    /// The frame sent under this tag was passed to the socket.
    Written(u64),
    /// The frame queued under this tag was not sent: its owner has gone.
    Skipped(u64),
    Lost(Lost),
}
