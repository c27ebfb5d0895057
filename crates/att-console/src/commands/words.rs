//! Parameters whose value is one of a set of words.

use crate::commands::argument::Argument;

/// Declares an enum of the known words of a parameter; any other word is kept unchanged.
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
            /// A word that this library does not know.
            Other(String),
        }

        impl $name {
            /// The known values.
            pub const KNOWN: &[Self] = &[$( Self::$variant ),+];

            /// The known words.
            pub(crate) const WORDS: &[&str] = &[$( $word ),+];

            /// The word as the server writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $word, )+
                    Self::Other(word) => word,
                }
            }

            /// Finds a known word, ignoring case.
            fn known(word: &str) -> Option<Self> {
                let is_it = |known: &&Self| known.as_str().eq_ignore_ascii_case(word);
                Self::KNOWN.iter().find(is_it).cloned()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

/// Converts any string into such an enum. An unknown word is sent unchanged, checked like every argument.
macro_rules! from_any_string {
    ($($name:ident: $what:literal),+ $(,)?) => {
        $(
            impl From<&str> for $name {
                /// Ignores case. An unknown word becomes [`Other`](Self::Other).
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

from_any_string! {
    Stat: "stat",
    StatApplication: "applicationType",
    ProgressionPath: "path",
}

words! {
    /// A stat of a player. [`player::list_stats`](super::player::list_stats) returns those that a server has.
    pub enum Stat {
        /// The maximum health.
        MaxHealth = "maxhealth",
        /// The health.
        Health = "health",
        /// The speed; 1 is normal.
        Speed = "speed",
        /// The damage that the player deals; 1 is normal.
        Damage = "damage",
        /// The protection from damage.
        DamageProtection = "damageprotection",
        /// Hunger.
        Hunger = "hunger",
        /// Fullness.
        Fullness = "fullness",
        /// Poison.
        Poison = "poison",
        /// The brightness of the player's light.
        Luminosity = "luminosity",
        /// The health of a crippled player.
        CrippleHealth = "cripplehealth",
        /// The multiplier of experience.
        XpBoost = "xpboost",
        /// Nightmare.
        Nightmare = "nightmare",
        /// The attraction of creatures.
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
    /// The part of a stat that is set (TavernLib).
    #[doc(alias = "StatApplicationType")]
    pub enum StatApplication {
        /// The value without modifiers.
        Base = "Base",
        /// The minimum.
        Min = "Min",
        /// The maximum.
        Max = "Max",
    }
}

words! {
    /// A path on which players gain experience. The names are inferred from the settings;
    /// [`progression::list`](super::progression::list) makes a server write its own to the log.
    pub enum ProgressionPath {
        /// Forging.
        Forging = "Forging",
        /// Woodcutting.
        Woodcutting = "Woodcutting",
        /// Mining.
        Mining = "Mining",
        /// Chiseling.
        Chiseling = "Chiseling",
        /// Cooking.
        Cooking = "Cooking",
        /// Melee combat.
        Melee = "Melee",
        /// Ranged combat.
        Ranged = "Ranged",
    }
}
