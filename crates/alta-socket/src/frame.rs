use bytes::Bytes;
use std::fmt;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// The text of one frame as it arrived, reference-counted: a clone shares the bytes.
///
/// `Debug` shows only the length, since frames can hold what should not be logged.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RawFrame(Utf8Bytes);

impl RawFrame {
    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The bytes of the text, sharing them.
    pub fn to_bytes(&self) -> Bytes {
        AsRef::<Bytes>::as_ref(&self.0).clone()
    }
}

impl From<Utf8Bytes> for RawFrame {
    fn from(text: Utf8Bytes) -> Self {
        Self(text)
    }
}

impl From<String> for RawFrame {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for RawFrame {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<RawFrame> for Utf8Bytes {
    fn from(frame: RawFrame) -> Self {
        frame.0
    }
}

impl AsRef<str> for RawFrame {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for RawFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawFrame({} bytes)", self.0.len())
    }
}
