//! Some servers write these as numbers: the order of Townsharp's types, which are the game's.

open_enum! {
    /// What a player is doing.
    pub enum PlayerState {
        /// Nothing of these.
        None: "None" = 0,
        /// On the server for the first time.
        FirstJoin: "FirstJoin" = 1,
        /// Playing.
        Playing: "Playing" = 2,
        /// Fighting.
        Combat: "Combat" = 3,
        /// Changing their looks.
        Customization: "Customization" = 4,
        /// Choosing equipment.
        Equipment: "Equipment" = 5,
        /// Dead.
        Dead: "Dead" = 6,
        /// A spirit.
        Spirit: "Spirit" = 7,
        /// Down, and may be helped up.
        Downed: "Downed" = 8,
    }
}

open_enum! {
    /// What killed someone or something.
    pub enum DamageSource {
        /// A fall.
        FallDamage: "FallDamage" = 0,
        /// A blow.
        Impact: "Impact" = 1,
        /// A console command.
        Command: "Command" = 2,
        /// An explosion or the like.
        AreaOfEffect: "AreaOfEffect" = 3,
        /// Poison.
        Poison: "Poison" = 4,
        /// Hunger.
        Hunger: "Hunger" = 5,
        /// The server itself says that it does not know. A source this library does not know is `Unknown`.
        #[doc(alias = "Unknown")]
        Unspecified: "Unknown" = 6,
        /// Fire.
        Fire: "Fire" = 7,
    }
}

open_enum! {
    /// What happened to a population.
    pub enum PopulationAction {
        /// The server counted it for the first time.
        Initialize: "Initialize" = 0,
        /// The server counted it again.
        Update: "Update" = 1,
        /// One more.
        Spawned: "Spawned" = 2,
        /// One less.
        Lost: "Lost" = 3,
    }
}

open_enum! {
    /// What happened to an item.
    pub enum ChangeType {
        /// Taken into a hand.
        Pickup: "Pickup" = 0,
        /// Let go.
        Drop: "Drop" = 1,
        /// Put into a place made for it.
        Dock: "Dock" = 2,
        /// Taken from such a place. att-client writes `UnDock`.
        Undock: "Undock" = 3,
    }
}

open_enum! {
    /// Where an item is.
    pub enum InventoryType {
        /// In the world.
        World: "World" = 0,
        /// With a player.
        Player: "Player" = 1,
    }
}

open_enum! {
    /// Why a player was reported.
    pub enum ReportReason {
        /// Spoiling the game for others.
        Griefing: "Griefing" = 0,
        /// Harassing others; the game spells it with two r.
        Harrassment: "Harrassment" | "Harassment" = 1,
        /// Cheating.
        CheatingExploits: "CheatingExploits" = 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_the_server_does_not_know_is_not_one_that_this_library_does_not_know() {
        assert_eq!(DamageSource::from("Unknown"), DamageSource::Unspecified);
        assert_eq!(
            DamageSource::from("Lava"),
            DamageSource::Unknown("Lava".to_owned())
        );
    }

    #[test]
    fn every_value_is_read_from_its_number_in_the_games_order() {
        fn names<T: for<'a> From<&'a str> + std::fmt::Display>(count: usize) -> Vec<String> {
            let value = |number: usize| T::from(&number.to_string()).to_string();
            (0..=count).map(value).collect()
        }
        assert_eq!(
            names::<ChangeType>(4),
            ["Pickup", "Drop", "Dock", "Undock", "4"]
        );
        assert_eq!(names::<InventoryType>(2), ["World", "Player", "2"]);
        assert_eq!(
            names::<PlayerState>(9)[6..],
            ["Dead", "Spirit", "Downed", "9"]
        );
        assert_eq!(
            names::<DamageSource>(8)[5..],
            ["Hunger", "Unknown", "Fire", "8"]
        );
        assert_eq!(names::<PopulationAction>(4)[2..], ["Spawned", "Lost", "4"]);
        assert_eq!(
            names::<ReportReason>(3)[1..],
            ["Harrassment", "CheatingExploits", "3"]
        );
        let changed: ChangeType = serde_json::from_str("3.0").unwrap();
        assert_eq!(changed, ChangeType::Undock);
    }

    #[test]
    fn both_spellings_of_undocking_are_the_same() {
        assert_eq!(ChangeType::from("UnDock"), ChangeType::Undock);
    }
}
