/// The key of a handler call: calls of one key keep their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum QueueKey {
    Player(i64),
    /// The calls of one handler in order, by its place among them.
    InOrder(usize),
    /// Events of no player.
    NoPlayer,
}
