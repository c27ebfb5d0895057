use alta_model::Redactor;
use std::fmt;
use std::sync::Arc;

/// The most bytes of one frame that are passed to an observer.
const SHOWN: usize = 64 * 1024;

/// The direction of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// To the server.
    Sent,
    /// From the server.
    Received,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sent => "->",
            Self::Received => "<-",
        })
    }
}

type Observe = dyn Fn(Direction, &str) + Send + Sync;

/// Sees the text frames of a connection, for debugging: each as it is passed to the socket, or read from it and before it is
/// decoded.
///
/// Secrets in the text (the tokens and passwords that were sent, see [`Redactor`]) are replaced by `<redacted>`; a text is cut
/// after 64 KiB. The function runs in the task of the connection: it must not block.
#[derive(Clone)]
pub struct Observer {
    observe: Arc<Observe>,
    redactor: Redactor,
}

impl Observer {
    /// An observer that calls this function.
    pub fn new(observe: impl Fn(Direction, &str) + Send + Sync + 'static) -> Self {
        Self {
            observe: Arc::new(observe),
            redactor: Redactor::new(),
        }
    }

    /// The same observer with the redactor of a connection.
    #[must_use]
    pub fn with_redactor(mut self, redactor: Redactor) -> Self {
        self.redactor = redactor;
        self
    }

    /// Passes a text to the function.
    pub fn see(&self, direction: Direction, text: &str) {
        // The server can repeat these secrets.
        if direction == Direction::Sent {
            self.redactor.learn_fields(text);
        }
        let shown = self.redactor.redact(text);
        if text.len() > SHOWN {
            (self.observe)(direction, &format!("{shown} ({} bytes)", text.len()));
        } else {
            (self.observe)(direction, &shown);
        }
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn secrets_are_redacted_and_a_long_text_is_cut_between_characters() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let redactor = Redactor::new();
        redactor.learn("console-token-of-the-server");
        let observer = Observer::new(move |direction, text| {
            log.lock().unwrap().push(format!("{direction} {text}"));
        })
        .with_redactor(redactor);
        observer.see(Direction::Sent, "console-token-of-the-server");
        observer.see(
            Direction::Received,
            r#"{"echo":"console-token-of-the-server"}"#,
        );
        let long = "é".repeat(SHOWN);
        observer.see(Direction::Received, &long);
        let seen = seen.lock().unwrap();
        assert_eq!(seen[..2], ["-> <redacted>", r#"<- {"echo":"<redacted>"}"#]);
        let end = format!("({} bytes)", long.len());
        assert!(seen[2].len() < SHOWN + 40 && seen[2].ends_with(&end));
    }
}
