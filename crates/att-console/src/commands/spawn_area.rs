use crate::commands::argument::{Argument, PlayerRef, abbreviated};
use crate::nearest::nearest;
use std::str::FromStr;

words! {
    /// A place that players can be moved to, by name (TavernLib).
    ///
    /// The server distinguishes places and players only by their text, so a string does not become a place by itself:
    /// [`parse`](str::parse) reads the known names, ignoring case. A place that a modded server adds is
    /// [`Other`](Self::Other); it is an error if the server would read it as players.
    ///
    /// ```compile_fail,E0308
    /// use att_console::{Target, commands::player};
    ///
    /// player::teleport(Target::Everyone, "Ashwick");
    /// ```
    #[doc(alias = "SpawnAreaIdentifier")]
    pub enum SpawnArea {
        /// The place where players respawn.
        RespawnPoint = "RespawnPoint",
        /// The player's own home.
        Home = "Home",
        /// In front of the cave.
        OutsideCave = "OutsideCave",
        /// In front of the forest.
        OutsideForest = "OutsideForest",
        /// In front of the tower.
        OutsideTower = "OutsideTower",
        /// In front of the lake.
        OutsideLake = "OutsideLake",
        /// The mountain pass.
        MountainPass = "MountainPass",
        /// The glades.
        Glades = "Glades",
        /// In front of the rock arena.
        OutsideRockArena = "OutsideRockArena",
        /// The battlefield.
        BattleField = "BattleField",
        /// The first checkpoint of the tower.
        TowerCheckPoint1 = "TowerCP1",
        /// The second checkpoint of the tower.
        TowerCheckPoint2 = "TowerCP2",
        /// The end of the tower.
        TowerEnd = "TowerEnd",
        /// The woodcutting shrine.
        WoodcuttingShrine = "WoodcuttingShrine",
        /// The archery shrine.
        ArcheryShrine = "ArcheryShrine",
        /// The melee shrine.
        MeleeShrine = "MeleeShrine",
        /// The testing area.
        TestingArea = "TestingArea",
    }
}

impl From<SpawnArea> for Argument {
    fn from(area: SpawnArea) -> Self {
        match area {
            // A known name is that place, in any case.
            SpawnArea::Other(name) => match SpawnArea::known(name.trim()) {
                Some(known) => Self::bare(known.as_str().to_owned()),
                None => Self::place(name.trim()),
            },
            known => Self::bare(known.as_str().to_owned()),
        }
    }
}

/// The string is not the name of a known place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no known place has the name {name:?}{hint}; SpawnArea::Other takes a place of a modded server"
)]
pub struct UnknownPlace {
    name: String,
    hint: String,
}

impl FromStr for SpawnArea {
    type Err = UnknownPlace;

    /// Ignores case.
    fn from_str(name: &str) -> Result<Self, UnknownPlace> {
        Self::known(name.trim()).ok_or_else(|| {
            let near = nearest(name, Self::KNOWN.iter().map(Self::as_str));
            let hint = match near.as_slice() {
                [] => String::new(),
                near => format!(", did you mean {}?", near.join(", ")),
            };
            let name = abbreviated(name);
            UnknownPlace { name, hint }
        })
    }
}

impl SpawnArea {
    /// The argument for a player where the server accepts a place as well: a name that is also a place's is an error.
    pub(super) fn refuse_as_player(player: PlayerRef) -> Argument {
        match player {
            PlayerRef::Name(name) if Self::known(name.trim()).is_some() => {
                Argument::place_for_player(name)
            }
            player => player.into(),
        }
    }
}
