open_enum! {
    /// What a player is doing.
    pub enum PlayerState {
        /// Nothing of these.
        None: "None",
        /// On the server for the first time.
        FirstJoin: "FirstJoin",
        /// Playing.
        Playing: "Playing",
        /// Fighting.
        Combat: "Combat",
        /// Changing their looks.
        Customization: "Customization",
        /// Choosing equipment.
        Equipment: "Equipment",
        /// Dead.
        Dead: "Dead",
        /// A spirit.
        Spirit: "Spirit",
        /// Down, and may be helped up.
        Downed: "Downed",
    }
}

open_enum! {
    /// What killed someone or something.
    pub enum DamageSource {
        /// A fall.
        FallDamage: "FallDamage",
        /// A blow.
        Impact: "Impact",
        /// A console command.
        Command: "Command",
        /// An explosion or the like.
        AreaOfEffect: "AreaOfEffect",
        /// Poison.
        Poison: "Poison",
        /// Hunger.
        Hunger: "Hunger",
        /// The server itself says that it does not know. A source this library does not know is `Unknown`.
        #[doc(alias = "Unknown")]
        Unspecified: "Unknown",
        /// Fire.
        Fire: "Fire",
    }
}

open_enum! {
    /// What happened to a population.
    pub enum PopulationAction {
        /// The server counted it for the first time.
        Initialize: "Initialize",
        /// The server counted it again.
        Update: "Update",
        /// One more.
        Spawned: "Spawned",
        /// One less.
        Lost: "Lost",
    }
}

open_enum! {
    /// What happened to an item.
    pub enum ChangeType {
        /// Taken into a hand.
        Pickup: "Pickup",
        /// Let go.
        Drop: "Drop",
        /// Put into a place made for it.
        Dock: "Dock",
        /// Taken from such a place. att-client writes `UnDock`.
        Undock: "Undock",
    }
}

open_enum! {
    /// Where an item is.
    pub enum InventoryType {
        /// In the world.
        World: "World",
        /// With a player.
        Player: "Player",
    }
}

open_enum! {
    /// Why a player was reported.
    pub enum ReportReason {
        /// Spoiling the game for others.
        Griefing: "Griefing",
        /// Harassing others; the game spells it with two r.
        Harrassment: "Harrassment" | "Harassment",
        /// Cheating.
        CheatingExploits: "CheatingExploits",
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
    fn both_spellings_of_undocking_are_the_same() {
        assert_eq!(ChangeType::from("UnDock"), ChangeType::Undock);
    }
}
