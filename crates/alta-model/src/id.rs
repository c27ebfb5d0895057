use crate::{Error, ErrorKind, json};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

macro_rules! id {
    ($(#[$meta:meta])* $name:ident($inner:ty), $called:literal) => {
        $(#[$meta])*
        ///
        /// Read from a number or from a string of digits, written as a number.
        #[derive(Clone, Copy, Eq, Hash, PartialEq)]
        pub struct $name($inner);

        impl $name {
            #[doc = concat!("Wraps a number that is known to be a ", $called, ".")]
            pub const fn new(value: $inner) -> Self {
                Self(value)
            }

            /// The number itself.
            pub const fn get(self) -> $inner {
                self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                text.parse().map(Self).map_err(|source: std::num::ParseIntError| {
                    Error::of(ErrorKind::Id($called), text).caused_by(source)
                })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;

                impl de::Visitor<'_> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("a ", $called))
                    }

                    fn visit_i64<E: de::Error>(self, value: i64) -> Result<$name, E> {
                        <$inner>::try_from(value)
                            .map($name)
                            .map_err(|_| E::invalid_value(de::Unexpected::Signed(value), &self))
                    }

                    fn visit_u64<E: de::Error>(self, value: u64) -> Result<$name, E> {
                        <$inner>::try_from(value)
                            .map($name)
                            .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))
                    }

                    fn visit_f64<E: de::Error>(self, value: f64) -> Result<$name, E> {
                        /// Up to this number, each integer has an exact `f64`.
                        const EXACT: f64 = 9_007_199_254_740_992.0;
                        (value.abs() <= EXACT)
                            .then(|| json::whole_number(&value.to_string()))
                            .flatten()
                            .map($name)
                            .ok_or_else(|| E::invalid_value(de::Unexpected::Float(value), &self))
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        json::whole_number(text)
                            .map($name)
                            .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
                    }
                }

                deserializer.deserialize_any(Visitor)
            }
        }
    };
}

/// The numerical order, so that ids can be sorted and be keys of a map.
macro_rules! ordered {
    ($($name:ident),*) => {$(
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                self.0.cmp(&other.0)
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }
    )*};
}

ordered!(GroupId, ServerId, UserId, EntityId, PrefabHash);

id! {
    /// The id of a group. A group's id is not its servers' id, so the types differ:
    ///
    /// ```compile_fail,E0308
    /// # use alta_model::{GroupId, ServerId};
    /// fn same(group: GroupId, server: ServerId) -> bool {
    ///     group == server
    /// }
    /// ```
    GroupId(i64), "group id"
}
id! {
    /// The id of a server. A server's id is not its group's id.
    ServerId(i64), "server id"
}
id! {
    /// The id of an account: a player or a bot. No other id, and no plain number, takes its place:
    ///
    /// ```compile_fail,E0308
    /// # use alta_model::{EntityId, UserId};
    /// fn greet(_: UserId) {}
    ///
    /// greet(EntityId::new(51_234));
    /// ```
    ///
    /// ```compile_fail,E0308
    /// # use alta_model::UserId;
    /// fn greet(_: UserId) {}
    ///
    /// greet(1_100_000_001);
    /// ```
    UserId(i64), "user id"
}
id! {
    /// The id of a role within its group: 0 banned or default, 1 Member, 2 Moderator, 7 Owner, others are custom.
    ///
    /// The number is not a rank: a custom role 3 may have fewer permissions than a Moderator, role 2. So ids of roles cannot be
    /// compared; use [`GroupDetailed::is_at_least`](crate::GroupDetailed::is_at_least), or
    /// [`permits`](crate::GroupDetailed::permits) for one permission.
    ///
    /// ```compile_fail,E0369
    /// # use alta_model::RoleId;
    /// fn is_moderator(role: RoleId) -> bool {
    ///     role >= RoleId::MODERATOR
    /// }
    /// ```
    RoleId(i32), "role id"
}
id! {
    /// The id of an object in a server's world, as in `select find` and ObjectKilled.
    EntityId(i64), "entity id"
}
id! {
    /// The hash of a prefab (a type of object that can be spawned), as in `spawn list`. It is not the id of an object:
    ///
    /// ```compile_fail,E0308
    /// # use alta_model::{EntityId, PrefabHash};
    /// fn destroy(_: EntityId) {}
    ///
    /// destroy(PrefabHash::new(51_234));
    /// ```
    PrefabHash(u32), "prefab hash"
}

impl RoleId {
    /// The role of banned accounts.
    pub const BANNED: Self = Self(0);
    /// The role of ordinary members.
    pub const MEMBER: Self = Self(1);
    /// The role of moderators, who may use the console by default.
    pub const MODERATOR: Self = Self(2);
    /// The role of a group's owner.
    pub const OWNER: Self = Self(7);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_may_have_a_fraction_of_zero_and_be_a_string() {
        for json in ["7", "7.0", "\"7\"", "\" 7 \"", "\"7.0\""] {
            let id: UserId = serde_json::from_str(json).unwrap();
            assert_eq!(id, UserId::new(7), "{json}");
        }
        for json in [
            "7.5", "1e17", "-1e300", "\"\"", "\"NaN\"", "true", "[7]", "null",
        ] {
            assert!(serde_json::from_str::<UserId>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn an_id_is_read_from_a_number_and_from_a_string_of_digits() {
        let ids: Vec<GroupId> =
            serde_json::from_str(r#"[4000000000015, "4000000000015", -1]"#).unwrap();
        assert_eq!(
            ids,
            [
                GroupId::new(4_000_000_000_015),
                GroupId::new(4_000_000_000_015),
                GroupId::new(-1)
            ]
        );
    }

    #[test]
    fn an_id_is_written_as_a_number() {
        assert_eq!(serde_json::to_string(&UserId::new(7)).unwrap(), "7");
    }

    #[test]
    fn a_number_too_big_for_the_id_is_an_error_and_not_cut() {
        assert!(serde_json::from_str::<RoleId>("2147483648").is_err());
        assert!(serde_json::from_str::<PrefabHash>("-1").is_err());
        assert!(serde_json::from_str::<GroupId>("1.5").is_err());
    }

    #[test]
    fn the_error_names_the_kind_of_id_and_the_string() {
        let error = "Thornwood".parse::<ServerId>().unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Id("server id"));
        assert_eq!(error.to_string(), r#"reading "Thornwood": not a server id"#);
    }

    #[test]
    fn an_id_can_be_the_key_of_a_json_object() {
        let map = std::collections::BTreeMap::from([(ServerId::new(3), "x")]);
        let text = serde_json::to_string(&map).unwrap();
        assert_eq!(text, r#"{"3":"x"}"#);
        let back: std::collections::BTreeMap<ServerId, &str> = serde_json::from_str(&text).unwrap();
        assert_eq!(back, map);
    }
}
