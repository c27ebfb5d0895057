use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

macro_rules! scopes {
    ($($(#[$meta:meta])* $variant:ident = $wire:literal,)*) => {
        /// A permission of a bot's token. The service does not document what each scope allows; these descriptions follow
        /// from the names.
        #[derive(Clone, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum Scope {
            $($(#[$meta])* $variant,)*
            /// A scope that this version of the library does not know.
            Unknown(String),
        }

        impl Scope {
            /// The scopes that all clients request.
            const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The scope as the account service spells it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $wire,)*
                    Self::Unknown(text) => text,
                }
            }
        }

        impl From<&str> for Scope {
            fn from(text: &str) -> Self {
                match text {
                    $($wire => Self::$variant,)*
                    other => Self::Unknown(other.to_owned()),
                }
            }
        }
    };
}

scopes! {
    /// The events `me-group-…` and `group-update`.
    WsGroup = "ws.group",
    /// The events `group-member-…`.
    WsGroupMembers = "ws.group_members",
    /// The events `group-server-…`.
    WsGroupServers = "ws.group_servers",
    /// The events `group-ban-…`.
    WsGroupBans = "ws.group_bans",
    /// The events about invitations and requests to join.
    WsGroupInvites = "ws.group_invites",
    /// Reading groups.
    GroupInfo = "group.info",
    /// Accepting and rejecting invitations, asking to join.
    GroupJoin = "group.join",
    /// Leaving groups.
    GroupLeave = "group.leave",
    /// Reading groups.
    GroupView = "group.view",
    /// Members, roles and bans.
    GroupMembers = "group.members",
    /// Inviting players.
    GroupInvite = "group.invite",
    /// Reading servers.
    ServerView = "server.view",
    /// Opening consoles.
    ServerConsole = "server.console",
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A set of [`Scope`]s in insertion order. The default is the thirteen that all clients request.
///
/// ```
/// use alta_auth::{Scope, Scopes};
///
/// let scopes: Scopes = "server.view server.console".parse()?;
/// assert!(scopes.contains(&Scope::ServerConsole));
/// assert_eq!(Scopes::default().iter().count(), 13);
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[doc(alias = "scope_string")]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Returns whether the scope is in the set.
    pub fn contains(&self, scope: &Scope) -> bool {
        self.0.contains(scope)
    }

    /// The scopes.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    /// Returns whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Default for Scopes {
    fn default() -> Self {
        Self(Scope::ALL.to_vec())
    }
}

impl Extend<Scope> for Scopes {
    fn extend<I: IntoIterator<Item = Scope>>(&mut self, scopes: I) {
        for scope in scopes {
            if !self.contains(&scope) {
                self.0.push(scope);
            }
        }
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut set = Self(Vec::new());
        set.extend(scopes);
        set
    }
}

/// Reads scopes separated by white space, as in `scope` fields and py-tale's `scope_string`.
impl FromStr for Scopes {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.split_whitespace().map(Scope::from).collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_scopes_of_all_clients() {
        assert_eq!(
            Scopes::default().to_string(),
            "ws.group ws.group_members ws.group_servers ws.group_bans ws.group_invites group.info group.join \
             group.leave group.view group.members group.invite server.view server.console"
        );
    }

    #[test]
    fn unknown_scopes_are_kept_and_duplicates_are_not() {
        let text = "server.view  server.fly server.view";
        let scopes: Scopes = text.parse().unwrap();
        assert_eq!(scopes.to_string(), "server.view server.fly");
        assert!(scopes.contains(&Scope::Unknown("server.fly".to_owned())));
    }
}
