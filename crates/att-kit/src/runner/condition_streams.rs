use crate::calls::Calls;
use crate::conditions::Transition;
use crate::players::Players;
use att_console::{Console, Missed};
use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, SelectAll};

/// The transitions of one handler, with its place among the handlers of transitions.
pub(super) type TransitionsOf = BoxStream<'static, (usize, Result<Transition, Missed>)>;

/// Starts the streams of a console.
pub(super) fn transitions(calls: &Calls, console: &Console) -> SelectAll<TransitionsOf> {
    let handlers = calls.handlers().transitions.iter().enumerate();
    let streams = handlers.map(|(place, on)| {
        let transitions = (on.when)(&Players::of(console)).start();
        transitions.map(move |item| (place, item)).boxed()
    });
    streams.collect()
}
