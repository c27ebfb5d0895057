//! `bans …`: banning players.

commands! {
    /// Bans a player from the server.
    ///
    /// Only seen in bots; no source gives the unit of the duration.
    "bans from-server" { fn from_server(player: UserInfoAccess, duration: u32, reason: string); }
        by [AttClient], most_used;
}
