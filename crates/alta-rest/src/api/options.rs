use alta_auth::{Password, Secret};
use alta_model::{GroupType, Permission};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// Declares the options of a call: public fields, absent until they are set, and a setter for each.
macro_rules! options {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$field_meta:meta])* $setter:ident: $ty:ty = $wire:literal,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize)]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$field_meta])*
                #[serde(rename = $wire, skip_serializing_if = "Option::is_none")]
                pub $setter: Option<$ty>,
            )*
        }

        impl $name {
            $(
                $(#[$field_meta])*
                #[must_use]
                pub fn $setter(mut self, value: impl Into<$ty>) -> Self {
                    self.$setter = Some(value.into());
                    self
                }
            )*
        }
    };
}

/// Options of a request for a console. Both fields are always sent: without them, the service would start the server (js-tale).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ConsoleOptions {
    /// True to start a stopped server, which costs its owner. False by default.
    pub should_launch: bool,
    /// True to request access to a server that the service considers offline. False by default.
    pub ignore_offline: bool,
}

impl ConsoleOptions {
    /// Sets [`should_launch`](Self#structfield.should_launch).
    #[must_use]
    pub fn should_launch(mut self, launch: bool) -> Self {
        self.should_launch = launch;
        self
    }

    /// Sets [`ignore_offline`](Self#structfield.ignore_offline).
    #[must_use]
    pub fn ignore_offline(mut self, ignore: bool) -> Self {
        self.ignore_offline = ignore;
        self
    }
}

/// Options of a request to join a server.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct JoinOptions {
    /// The options of a console.
    #[serde(flatten)]
    pub console: ConsoleOptions,
    /// The game's version: `title`, `stream`, `season`, `major`, `minor`, `changeSet` (models).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Value>,
    /// The player's own token.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exposed")]
    pub token: Option<Secret>,
    /// The player's device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
}

impl JoinOptions {
    /// Sets [`console`](Self#structfield.console).
    #[must_use]
    pub fn console(mut self, options: ConsoleOptions) -> Self {
        self.console = options;
        self
    }

    /// Sets [`version`](Self#structfield.version).
    #[must_use]
    pub fn version(mut self, version: Value) -> Self {
        self.version = Some(version);
        self
    }

    /// Sets [`token`](Self#structfield.token).
    #[must_use]
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Sets [`device_id`](Self#structfield.device_id).
    #[must_use]
    pub fn device_id(mut self, id: impl Into<String>) -> Self {
        self.device_id = Some(id.into());
        self
    }
}

/// A filter of groups; by default all visible groups.
///
/// ```
/// # use alta_model::GroupType;
/// # fn run(client: alta_rest::Client) {
/// use alta_rest::GroupFilter;
///
/// let public = client.groups().list(GroupType::Public);
/// let busy = client.groups().list(GroupFilter::from(GroupType::Open).ignore_inactive(true));
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct GroupFilter {
    /// Only groups of this type.
    pub r#type: Option<GroupType>,
    /// True to omit inactive groups (alta-jsapi).
    pub ignore_inactive: Option<bool>,
}

impl GroupFilter {
    /// Sets [`ignore_inactive`](Self#structfield.ignore_inactive).
    #[must_use]
    pub fn ignore_inactive(mut self, ignore: bool) -> Self {
        self.ignore_inactive = Some(ignore);
        self
    }
}

impl From<GroupType> for GroupFilter {
    fn from(r#type: GroupType) -> Self {
        Self::from(Some(r#type))
    }
}

impl From<Option<GroupType>> for GroupFilter {
    fn from(r#type: Option<GroupType>) -> Self {
        Self {
            r#type,
            ignore_inactive: None,
        }
    }
}

options! {
    /// Changes of a group; fields that are not set stay.
    pub struct GroupChanges {
        /// Its name.
        name: String = "name",
        /// Its description.
        description: String = "description",
        /// Its tags, for searches.
        tags: Vec<String> = "tags",
        /// Its type: it determines the accounts that can see and join it.
        r#type: GroupType = "type",
        /// True if its servers are renamed with it, which is the default.
        changing_servers: bool = "changing_servers",
    }
}

options! {
    /// Changes of a role; fields that are not set stay.
    pub struct RoleChanges {
        /// Its name.
        name: String = "name",
        /// Its color, `#00bcd4`.
        color: String = "color",
        /// All its permissions.
        permissions: Vec<Permission> = "permissions",
        /// All its allowed console commands.
        allowed_commands: Vec<String> = "allowed_commands",
    }
}

/// A new group.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NewGroup {
    /// Its name. (Capitalized on the wire: alta-jsapi.)
    #[serde(rename = "Name")]
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its type: it determines the accounts that can see and join it.
    pub r#type: GroupType,
    /// Its old permissions; roles have replaced them.
    #[serde(flatten)]
    pub old_permissions: OldPermissions,
}

options! {
    /// The old permissions of a new group, as bits: Member 1, Moderator 2, Admin 4; 6 is moderators and admins (alta-jsapi,
    /// which always sends them). The service chooses those that are not set.
    pub struct OldPermissions {
        /// The accounts that can invite.
        invite: u32 = "invite_permissions",
        /// The accounts that can remove members.
        kick: u32 = "kick_permissions",
        /// The accounts that can accept requests to join.
        accept_member: u32 = "accept_member_permissions",
        /// The accounts that can create servers.
        create_server: u32 = "create_server_permissions",
    }
}

impl NewGroup {
    /// A group with this name and type.
    pub fn new(name: impl Into<String>, r#type: GroupType) -> Self {
        Self {
            name: name.into(),
            description: String::new(),
            r#type,
            old_permissions: OldPermissions::default(),
        }
    }

    /// Sets [`description`](Self#structfield.description).
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Sets [`old_permissions`](Self#structfield.old_permissions).
    #[must_use]
    pub fn old_permissions(mut self, permissions: OldPermissions) -> Self {
        self.old_permissions = permissions;
        self
    }
}

/// A new group with its server.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NewQuickGroup {
    /// The name of both the group and the server.
    pub name: String,
    /// The region of the server: [`Region::name`](alta_model::Region::name).
    pub region: String,
    /// The description of both.
    pub description: String,
    /// The type of the group: it determines the accounts that can see and join it.
    pub r#type: GroupType,
    /// The platform of its players: 1 for PC, 2 for Quest.
    pub target: i64,
}

impl NewQuickGroup {
    /// A group with this name and type, and a server in this region for players of this platform (1 PC, 2 Quest).
    pub fn new(
        name: impl Into<String>,
        r#type: GroupType,
        region: impl Into<String>,
        target: i64,
    ) -> Self {
        Self {
            name: name.into(),
            region: region.into(),
            description: String::new(),
            r#type,
            target,
        }
    }

    /// Sets [`description`](Self#structfield.description).
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }
}

/// A new server of a group.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NewServer {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its region: [`Region::name`](alta_model::Region::name).
    pub region: String,
}

impl NewServer {
    /// A server with this name in this region.
    pub fn new(name: impl Into<String>, region: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: String::new(),
            region: region.into(),
        }
    }

    /// Sets [`description`](Self#structfield.description).
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }
}

/// A new account.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NewUser {
    /// Its name.
    pub username: String,
    /// Its password.
    #[serde(rename = "password_hash", serialize_with = "hash")]
    pub password: Password,
    /// Its e-mail address.
    pub email: String,
    /// The account that recommended the game.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referral: Option<String>,
}

impl NewUser {
    /// An account with this name, password and e-mail address.
    pub fn new(username: impl Into<String>, password: Password, email: impl Into<String>) -> Self {
        Self {
            username: username.into(),
            password,
            email: email.into(),
            referral: None,
        }
    }

    /// Sets [`referral`](Self#structfield.referral).
    #[must_use]
    pub fn referral(mut self, referral: impl Into<String>) -> Self {
        self.referral = Some(referral.into());
        self
    }
}

#[allow(clippy::ref_option, reason = "serde requires this signature")]
fn exposed<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Secret::expose).serialize(serializer)
}

fn hash<S: Serializer>(password: &Password, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(password.expose_hash())
}
