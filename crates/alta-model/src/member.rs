use crate::{GroupId, RoleId, Timestamp, UserId, json};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

model! {
    /// A relation between an account and a group: a member, or an account that is invited, requests to join, left or is banned.
    pub struct Member {
        /// The group.
        required group_id: GroupId = "group_id",
        /// The account.
        required user_id: UserId = "user_id",
        /// The account's name; empty when the server sent none.
        default username: String = "username" | "name",
        /// True if the account is a bot; false when the server sent none: the service sends it for every bot.
        default bot: bool = "bot",
        /// The number of the account's icon.
        optional icon: i64 = "icon",
        /// Old permissions, for information only: the role decides.
        optional permissions: MemberPermissions = "permissions",
        /// The role; banned accounts have 0.
        optional role_id: RoleId = "role_id",
        /// The start of the relation.
        optional created_at: Timestamp = "created_at",
        /// The kind of relation.
        optional r#type: MemberType = "type",
    }
}

open_enum! {
    /// The relation of an account to a group.
    pub enum MemberType {
        /// Banned.
        Banned: "Banned" = -1,
        /// Requests to join.
        RequestedJoin: "RequestedJoin" = 0,
        /// Invited.
        Invited: "Invited" = 1,
        /// A member.
        Accepted: "Accepted" = 2,
        /// Left, or rejected the invitation.
        Left: "Left" = 3,
        /// Removed, or the invitation was revoked.
        Kicked: "Kicked" = 4,
    }
}

/// The permissions of members before roles existed: a set of flags.
///
/// On the wire, names separated by commas, `Member, Moderator, Admin`, or a number without a name (0 for banned accounts).
/// Unknown names are kept.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct MemberPermissions {
    bits: u32,
    unknown: Vec<String>,
}

impl MemberPermissions {
    const FLAGS: [(&'static str, u32); 3] = [("Member", 1), ("Moderator", 2), ("Admin", 4)];

    /// The set with these bits.
    pub const fn from_bits(bits: u32) -> Self {
        Self {
            bits,
            unknown: Vec::new(),
        }
    }

    /// The known flags as bits: Member 1, Moderator 2, Admin 4; other bits only if the server sent a number.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// The unknown names.
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// Returns whether the flag Member is set.
    pub fn is_member(&self) -> bool {
        self.bits & 1 != 0
    }

    /// Returns whether the flag Moderator is set.
    pub fn is_moderator(&self) -> bool {
        self.bits & 2 != 0
    }

    /// Returns whether the flag Admin is set.
    pub fn is_admin(&self) -> bool {
        self.bits & 4 != 0
    }

    fn parse(text: &str) -> Self {
        let mut set = Self::default();
        for name in text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            let known = Self::FLAGS
                .iter()
                .find(|(flag, _)| flag.eq_ignore_ascii_case(name));
            match (known, name.parse::<u32>()) {
                (Some((_, bit)), _) => set.bits |= bit,
                (None, Ok(bits)) => set.bits |= bits,
                (None, Err(_)) => set.unknown.push(name.to_owned()),
            }
        }
        set
    }

    /// All names, or none if names cannot express the whole set.
    fn names(&self) -> Option<Vec<&str>> {
        let named = Self::FLAGS.iter().fold(0, |sum, (_, bit)| sum | bit);
        if self.bits & !named != 0 || (self.bits == 0 && self.unknown.is_empty()) {
            return None;
        }
        let known = Self::FLAGS
            .iter()
            .filter(|(_, bit)| self.bits & bit != 0)
            .map(|(name, _)| *name);
        Some(
            known
                .chain(self.unknown.iter().map(String::as_str))
                .collect(),
        )
    }
}

impl fmt::Display for MemberPermissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.names() {
            Some(names) => f.write_str(&names.join(", ")),
            None => self.bits.fmt(f),
        }
    }
}

impl Serialize for MemberPermissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.names() {
            Some(_) => serializer.collect_str(self),
            None => serializer.serialize_u32(self.bits),
        }
    }
}

impl<'de> Deserialize<'de> for MemberPermissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = MemberPermissions;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("flag names with commas, or a number")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<MemberPermissions, E> {
                Ok(MemberPermissions::parse(text))
            }

            fn visit_f64<E: de::Error>(self, bits: f64) -> Result<MemberPermissions, E> {
                json::whole_number(&bits.to_string())
                    .map(MemberPermissions::from_bits)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Float(bits), &self))
            }

            fn visit_u64<E: de::Error>(self, bits: u64) -> Result<MemberPermissions, E> {
                u32::try_from(bits)
                    .map(MemberPermissions::from_bits)
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(bits), &self))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> MemberPermissions {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn flags_are_written_as_they_were_read() {
        for json in [
            "\"Member\"",
            "\"Moderator\"",
            "\"Member, Moderator, Admin\"",
            "\"Member, Herald\"",
            "0",
            "9",
        ] {
            assert_eq!(serde_json::to_string(&read(json)).unwrap(), json);
        }
    }

    #[test]
    fn numbers_and_names_mean_the_same() {
        assert_eq!(read("3"), read("\"Member, Moderator\""));
        assert_eq!(read("\"3\""), read("\"moderator,member\""));
        assert_eq!(read("3.0"), read("3"));
        assert!(read("7").is_admin() && read("7").is_moderator() && read("7").is_member());
        assert_eq!(read("\"Member, Herald\"").unknown(), ["Herald"]);
    }
}
