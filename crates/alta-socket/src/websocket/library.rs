//! The websocket library as the reference for the frames that are read and written here.

use std::io::{self, Cursor, Read, Write};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

/// Encodes a whole frame with this first byte. With a mask, the payload is masked.
pub(super) fn frame(first: u8, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let flag = if mask.is_some() { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..126 => bytes.push(flag | u8::try_from(length).unwrap()),
        length @ 126..65_536 => {
            bytes.push(flag | 0x7e);
            bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            bytes.push(flag | 0x7f);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend(mask.iter().flatten());
    let keys = mask.unwrap_or_default().into_iter().cycle();
    bytes.extend(payload.iter().zip(keys).map(|(byte, key)| byte ^ key));
    bytes
}

/// Returns the messages that the library reads from these bytes, up to its first error.
pub(super) fn read_all(bytes: Vec<u8>, role: Role, limit: usize) -> Vec<Result<Message, Error>> {
    struct Io(Cursor<Vec<u8>>);
    impl Read for Io {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.0.read(buf)
        }
    }
    impl Write for Io {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            Ok(buf.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let config = WebSocketConfig::default()
        .max_frame_size(Some(limit))
        .max_message_size(Some(limit));
    let mut socket = WebSocket::from_raw_socket(Io(Cursor::new(bytes)), role, Some(config));
    let mut messages = Vec::new();
    loop {
        messages.push(socket.read());
        if matches!(messages.last(), Some(Err(_))) {
            return messages;
        }
    }
}
