use std::time::Duration;

/// What a managed bot may do at once, and for how long. All of it has a default.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// How many consoles may be opening at once. 10: a thousand towns that come up together are opened bit by bit. One
    /// that takes more than 30 s, or whose first attempt fails, makes room for the next.
    pub opening: usize,
    /// How many handlers may run at once in all. 1,024.
    pub handlers: usize,
    /// How many event handlers of one console may run at once. 64, so that one busy town leaves room for the others.
    pub handlers_per_console: usize,
    /// How many events of one console may wait for their handlers. 256; then events wait in the console's own queue, and
    /// when that is full too, the oldest are dropped and reported as missed.
    pub waiting: usize,
    /// How long one call of a handler may take, `on_console` excepted. 5 min: longer than any command takes, short enough that
    /// a forgotten one doesn't hold a player's events up for ever.
    pub handler_time: Duration,
    /// How long handlers may go on when their console or the bot is closed, or the process is told to end. 10 s.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            opening: 10,
            handlers: 1_024,
            handlers_per_console: 64,
            waiting: 256,
            handler_time: Duration::from_secs(5 * 60),
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
    opening: usize => opening.max(1);
    handlers: usize => handlers.max(1);
    handlers_per_console: usize => handlers_per_console.max(1);
    waiting: usize => waiting.max(1);
    handler_time: Duration => handler_time;
    grace: Duration => grace;
}
