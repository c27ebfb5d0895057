use std::time::Duration;

/// The limits of concurrent handlers and their durations. Every limit has a default.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// The maximum number of concurrent handlers in total. 1,024.
    pub handlers: usize,
    /// The maximum number of concurrent event handlers of one console. 64, so that a busy server leaves room for the others.
    pub handlers_per_console: usize,
    /// The maximum number of waiting handler calls of one console. 256. Further events wait in the console's own queue; when that is full,
    /// the oldest are dropped and reported as missed.
    pub waiting: usize,
    /// The timeout of one handler call, except [`on_session`](crate::Handlers::on_session). 5 min: longer than any command,
    /// short enough that a handler that hangs does not delay a player's events forever.
    pub handler_timeout: Duration,
    /// The time for which handlers may continue after their console or the runner is closed, or the process gets a signal to end. 10 s.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handlers: 1_024,
            handlers_per_console: 64,
            waiting: 256,
            handler_timeout: Duration::from_secs(5 * 60),
            grace: Duration::from_secs(10),
        }
    }
}

macro_rules! setters {
    ($($name:ident: $type:ty => $value:expr;)*) => {
        impl Limits {
            $(
                #[doc = concat!("Sets [`", stringify!($name), "`](Self::", stringify!($name), ").")]
                #[must_use]
                pub fn $name(mut self, $name: $type) -> Self {
                    self.$name = $value;
                    self
                }
            )*
        }
    };
}

setters! {
    handlers: usize => handlers.max(1);
    handlers_per_console: usize => handlers_per_console.max(1);
    waiting: usize => waiting.max(1);
    handler_timeout: Duration => handler_timeout;
    grace: Duration => grace;
}

impl Limits {
    /// Values that cannot work.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.handler_timeout.is_zero() {
            problems.push("the limit `handler_timeout` is zero: no handler could run".to_owned());
        }
        problems
    }
}
