//! The enums of events. Some servers write them as numbers, in the order of Townsharp's types, which are the game's.

open_enum! {
    /// A state of a player.
    pub enum PlayerState {
        /// None of these.
        None: "None" = 0,
        /// On the server for the first time.
        FirstJoin: "FirstJoin" = 1,
        /// Playing.
        Playing: "Playing" = 2,
        /// Fighting.
        Combat: "Combat" = 3,
        /// Changing the appearance.
        Customization: "Customization" = 4,
        /// Choosing equipment.
        Equipment: "Equipment" = 5,
        /// Dead.
        Dead: "Dead" = 6,
        /// A spirit.
        Spirit: "Spirit" = 7,
        /// Down, until another player helps.
        Downed: "Downed" = 8,
    }
}

open_enum! {
    /// The cause of a death or a destruction.
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
        /// The server does not know the cause. A cause that this library does not know is `Unknown`.
        #[doc(alias = "Unknown")]
        Unspecified: "Unknown" = 6,
        /// Fire.
        Fire: "Fire" = 7,
    }
}

open_enum! {
    /// A change of a population.
    pub enum PopulationAction {
        /// The server counted it for the first time.
        Initialize: "Initialize" = 0,
        /// The server counted it again.
        Update: "Update" = 1,
        /// It grew by one.
        Spawned: "Spawned" = 2,
        /// It shrank by one.
        Lost: "Lost" = 3,
    }
}

open_enum! {
    /// A change of an item.
    pub enum ChangeType {
        /// Taken into a hand.
        Pickup: "Pickup" = 0,
        /// Dropped.
        Drop: "Drop" = 1,
        /// Put into a dock.
        Dock: "Dock" = 2,
        /// Taken from a dock. att-client writes `UnDock`.
        Undock: "Undock" = 3,
    }
}

open_enum! {
    /// The place of an item.
    pub enum InventoryType {
        /// In the world.
        World: "World" = 0,
        /// With a player.
        Player: "Player" = 1,
    }
}

open_enum! {
    /// The reason of a report about a player.
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
    fn a_cause_unknown_to_the_server_differs_from_one_unknown_to_the_library() {
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
