//! `trade atm …`: players' balances.

commands! {
    /// Adds to a player's balance; a negative amount subtracts.
    ///
    /// If two programs read and then set a balance, one change is lost: adding is safer than setting.
    "trade atm add" -> nothing { fn add(user: UserInfoAccess, quantity "quantityToAdd": i64); }
        by [TavernLauncher, Vagabot], most_used;

    /// Returns a player's balance.
    "trade atm get" -> one i64 { fn get(user: UserInfoAccess); } by [TavernLauncher, Vagabot], most_used;

    /// Sets a player's balance.
    "trade atm set" -> nothing { fn set(user: UserInfoAccess, quantity: i64); } by [TavernLauncher, Vagabot], most_used;
}
