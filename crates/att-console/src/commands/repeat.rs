//! `repeat …`: repeating the last command.
//!
//! The server remembers the last command; all users of a console share it.

commands! {
    /// Repeats the last command.
    "repeat" {
        fn last_command(count: Times, interval "intervalInSeconds": Seconds) with LastCommand {
            /// `true` logs each repetition. No source gives the server's default.
            logging "isLoggingProgress": bool = _,
        };
    } by [TavernLauncher, AttClient], most_used;

    /// Repeats the last command once.
    "repeat last" { (); } by [TavernLauncher], inferred;

    /// Stops one repetition.
    "repeat stop" { (id: integer); } by [TavernLauncher], inferred;

    /// Stops all repetitions.
    "repeat stopall" { (); } by [TavernLauncher], inferred;
}
