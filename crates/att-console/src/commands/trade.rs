//! `trade …`: balances and mail.

pub mod atm;

commands! {
    /// Empties a part of the trade system.
    "trade empty" { (); } by [TavernLauncher], inferred, uses(5), caution("No source says what it empties.");

    /// Sends items to a player's mailbox.
    "trade post" -> nothing {
        fn post(user: UserInfoAccess, prefab: Prefab) with Post {
            /// The number of items, 1 to [`MAX_COUNT`](super::spawn::MAX_COUNT). By default one.
            count: Count = _,
        } and (arguments: arguments = _);
    } by [TavernLauncher, Vagabot], most_used, uses(45_469);

    /// Sends the content of a save string to a player's mailbox.
    "trade post-string" { (user: UserInfoAccess, value: SaveString); } by [TavernLauncher], inferred, uses(23);
}
