use crate::argument::{Argument, abbreviated};
use crate::nearest::nearest;
use alta_model::PrefabHash;
use alta_model::console::result::PrefabEntry;
use std::fmt;
use std::str::FromStr;

/// Declares an enum of the words that a parameter knows; any other word is kept as it is.
macro_rules! words {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $word:literal ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )+
            /// One that this library does not know.
            Other(String),
        }

        impl $name {
            /// Those that are known.
            pub const KNOWN: &[Self] = &[$( Self::$variant ),+];

            /// The word as the server writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $word, )+
                    Self::Other(word) => word,
                }
            }

            /// The known word that this is, in any case of letters.
            fn known(word: &str) -> Option<Self> {
                let is_it = |known: &&Self| known.as_str().eq_ignore_ascii_case(word);
                Self::KNOWN.iter().find(is_it).cloned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

/// Makes such an enum from any text. A word that it does not know goes to the server as it is, safely.
macro_rules! from_any_text {
    ($($name:ident: $what:literal),+ $(,)?) => {
        $(
            impl From<&str> for $name {
                /// In any case of letters. An unknown word is kept as [`Other`](Self::Other).
                fn from(word: &str) -> Self {
                    Self::known(word).unwrap_or_else(|| Self::Other(word.to_owned()))
                }
            }

            impl From<String> for $name {
                fn from(word: String) -> Self {
                    word.as_str().into()
                }
            }

            impl From<$name> for Argument {
                fn from(word: $name) -> Self {
                    Self::word($what, word.as_str())
                }
            }
        )+
    };
}

from_any_text! {
    Stat: "the name of a stat",
    StatApplication: "the side of a stat",
    ProgressionPath: "the name of a progression path",
}

words! {
    /// A place that players can be moved to, by name (TavernLib).
    ///
    /// A player's name is no place, and the server tells the two apart by their text alone; so no text becomes a place by
    /// itself. [`parse`](str::parse) reads the known names, in any case of letters. A place that a modded server adds is
    /// [`Other`](Self::Other), which is refused before anything is sent if the server would read it as players.
    #[doc(alias = "SpawnAreaIdentifier")]
    pub enum SpawnArea {
        /// Where one comes back to life.
        RespawnPoint = "RespawnPoint",
        /// The player's own home.
        Home = "Home",
        /// Before the cave.
        OutsideCave = "OutsideCave",
        /// Before the forest.
        OutsideForest = "OutsideForest",
        /// Before the tower.
        OutsideTower = "OutsideTower",
        /// Before the lake.
        OutsideLake = "OutsideLake",
        /// The pass in the mountains.
        MountainPass = "MountainPass",
        /// The glades.
        Glades = "Glades",
        /// Before the rock arena.
        OutsideRockArena = "OutsideRockArena",
        /// The battle field.
        BattleField = "BattleField",
        /// The first check point of the tower.
        TowerCheckPoint1 = "TowerCP1",
        /// The second check point of the tower.
        TowerCheckPoint2 = "TowerCP2",
        /// The end of the tower.
        TowerEnd = "TowerEnd",
        /// The shrine of wood-cutting.
        WoodcuttingShrine = "WoodcuttingShrine",
        /// The shrine of archery.
        ArcheryShrine = "ArcheryShrine",
        /// The shrine of fighting hand to hand.
        MeleeShrine = "MeleeShrine",
        /// Where nobody else is.
        TestingArea = "TestingArea",
    }
}

impl From<SpawnArea> for Argument {
    fn from(area: SpawnArea) -> Self {
        match area {
            // One of the known names, in whatever case, is that place.
            SpawnArea::Other(name) => match SpawnArea::known(name.trim()) {
                Some(known) => Self::bare(known.as_str().to_owned()),
                None => Self::place(name.trim()),
            },
            known => Self::bare(known.as_str().to_owned()),
        }
    }
}

/// The text is not the name of a known place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no known place is called {name:?}{hint}; SpawnArea::Other names one that a modded server has"
)]
pub struct UnknownPlace {
    name: String,
    hint: String,
}

impl FromStr for SpawnArea {
    type Err = UnknownPlace;

    /// In any case of letters.
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
    /// Whether a text is the name of a known place, in any case of letters.
    pub(crate) fn is_known(name: &str) -> bool {
        Self::known(name).is_some()
    }
}

words! {
    /// A value of a player. [`player::list_stats`](super::player::list_stats) tells which a server has.
    pub enum Stat {
        /// The most health one can have.
        MaxHealth = "maxhealth",
        /// Health.
        Health = "health",
        /// How fast one is; 1 is usual.
        Speed = "speed",
        /// How much damage one does; 1 is usual.
        Damage = "damage",
        /// How much damage one is spared.
        DamageProtection = "damageprotection",
        /// Hunger.
        Hunger = "hunger",
        /// Fullness.
        Fullness = "fullness",
        /// Poison.
        Poison = "poison",
        /// How brightly one shines.
        Luminosity = "luminosity",
        /// The health that is left to the crippled.
        CrippleHealth = "cripplehealth",
        /// How much faster one learns.
        XpBoost = "xpboost",
        /// Nightmare.
        Nightmare = "nightmare",
        /// How much creatures are drawn to one.
        Aggro = "aggro",
        /// Frost.
        Frost = "frost",
        /// The stamina of the left hand.
        LeftHandStamina = "left-hand-stamina",
        /// The stamina of the right hand.
        RightHandStamina = "right-hand-stamina",
    }
}

words! {
    /// Which side of a value is set (TavernLib).
    #[doc(alias = "StatApplicationType")]
    pub enum StatApplication {
        /// The value without modifiers.
        Base = "Base",
        /// The least it can be.
        Min = "Min",
        /// The most it can be.
        Max = "Max",
    }
}

words! {
    /// A path on which players gain experience. The names are inferred from the settings of experience; a server writes
    /// its own to the log on [`progression::list`](super::progression::list).
    pub enum ProgressionPath {
        /// Forging.
        Forging = "Forging",
        /// Wood-cutting.
        Woodcutting = "Woodcutting",
        /// Mining.
        Mining = "Mining",
        /// Chiseling.
        Chiseling = "Chiseling",
        /// Cooking.
        Cooking = "Cooking",
        /// Fighting hand to hand.
        Melee = "Melee",
        /// Fighting from afar.
        Ranged = "Ranged",
    }
}

/// What is to be spawned, or the like: by hash, which is certain, or by name.
///
/// A name is written without its spaces, as consoles take it; one of digits alone is a hash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Prefab {
    /// By hash.
    Hash(PrefabHash),
    /// By name.
    Name(String),
}

impl From<PrefabHash> for Prefab {
    fn from(hash: PrefabHash) -> Self {
        Self::Hash(hash)
    }
}

impl From<&PrefabEntry> for Prefab {
    fn from(entry: &PrefabEntry) -> Self {
        Self::Hash(entry.hash)
    }
}

impl From<&str> for Prefab {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<String> for Prefab {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl From<Prefab> for Argument {
    fn from(prefab: Prefab) -> Self {
        match prefab {
            Prefab::Hash(hash) => hash.into(),
            Prefab::Name(name) => Self::word("the name of a prefab", &name.replace(' ', "")),
        }
    }
}
