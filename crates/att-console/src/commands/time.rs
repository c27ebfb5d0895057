//! `time …`: the time of day in the world.

commands! {
    /// Returns the time of day.
    "time" -> one f64 { fn now(); } by [TavernLauncher, Vagabot], most_used, uses(4);

    /// Moves the time forward.
    ///
    /// No source lists the measures; `help time` may.
    "time future" { fn future(progress: float, measure: word); } by [TavernLauncher], inferred, most_used, uses(221);

    /// Lists the keywords for times.
    "time keywords" { (); } by [TavernLauncher], inferred;

    /// Returns the time of day; normalized, as a number from 0 to 1.
    "time ofday" { (isNormalised: bool); } by [TavernLauncher], inferred;

    /// Sets the time of day.
    ///
    /// Sent as hours and minutes: `13.30` is half past one in the afternoon. An hour above 23 or a minute above 59 is
    /// an error before the command is sent.
    "time set" { fn set(hour & minute "time": TimeOfDay); }
        by [TavernLauncher, AttPrefabulator], most_used, uses(1_455);

    /// Stops the time, or starts it again.
    "time toggle" { fn toggle(); } by [TavernLauncher], inferred, most_used, uses(16_262);
}
