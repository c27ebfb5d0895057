use bytes::Bytes;
use std::fmt;
use std::sync::Arc;

/// The text of one frame as it arrived, reference-counted: a clone shares the bytes. It holds no read buffer.
///
/// `Debug` shows only the length, since frames can contain secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RawFrame(Arc<str>);

impl RawFrame {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The bytes of the text, shared, not copied.
    pub fn to_bytes(&self) -> Bytes {
        struct Owner(Arc<str>);
        impl AsRef<[u8]> for Owner {
            fn as_ref(&self) -> &[u8] {
                self.0.as_bytes()
            }
        }
        Bytes::from_owner(Owner(Arc::clone(&self.0)))
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
