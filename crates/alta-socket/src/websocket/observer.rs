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

type Enabled = dyn Fn() -> bool + Send + Sync;

/// Sees the text frames of a connection, for debugging: each as it is passed to the socket, or read from it and before it is
/// decoded.
///
/// Secrets in the text (the tokens and passwords that were sent, see [`Redactor`]) are replaced by `<redacted>`; a text is cut
/// after 64 KiB, unless the observer takes [whole frames](Self::whole_frames). The function runs in the task of the connection: it must not block.
#[derive(Clone)]
pub struct Observer {
    observe: Arc<Observe>,
    enabled: Option<Arc<Enabled>>,
    is_whole: bool,
    redactor: Redactor,
}

impl Observer {
    /// An observer that calls this function.
    pub fn new(observe: impl Fn(Direction, &str) + Send + Sync + 'static) -> Self {
        Self {
            observe: Arc::new(observe),
            enabled: None,
            is_whole: false,
            redactor: Redactor::new(),
        }
    }

    /// The same observer, which sees each frame whole, however long it is. The connection waits while a long frame is redacted.
    #[must_use]
    pub fn whole_frames(mut self) -> Self {
        self.is_whole = true;
        self
    }

    /// The same observer, which sees a frame only if this function returns true at that time. Other frames are not redacted.
    #[must_use]
    pub fn only_while(mut self, enabled: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.enabled = Some(Arc::new(enabled));
        self
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
        if self.enabled.as_ref().is_some_and(|enabled| !enabled()) {
            return;
        }
        if self.is_whole {
            return (self.observe)(direction, &self.redactor.redact_uncut(text));
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
    use std::sync::atomic::{AtomicBool, Ordering};

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

    #[test]
    fn whole_frames_are_uncut_and_without_secrets_and_only_seen_while_enabled() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let enabled = Arc::new(AtomicBool::new(false));
        let is_enabled = Arc::clone(&enabled);
        let observer = Observer::new(move |_, text| log.lock().unwrap().push(text.to_owned()))
            .whole_frames()
            .only_while(move || is_enabled.load(Ordering::Relaxed));
        let long = "é".repeat(SHOWN);
        // A secret that is sent while nothing is observed is redacted later, too.
        observer.see(Direction::Sent, r#"{"password":"hunter-of-moose"}"#);
        enabled.store(true, Ordering::Relaxed);
        observer.see(
            Direction::Received,
            &format!("{long} hunter-of-moose {long}"),
        );
        assert_eq!(*seen.lock().unwrap(), [format!("{long} <redacted> {long}")]);
    }
}
