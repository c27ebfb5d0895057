//! The accounts of the service: `add-bot`, `add-user`, `list`, `remove`, `rotate`.

use super::config::{Config, GroupConfig};
use crate::failure::{Failure, Status};
use crate::settings::nearest;
use alta_cloud::state::{
    Account, Cloud, HashCost, HashError, Login, Membership, NewAccount, SCOPES, Scopes, SecretHash,
    new_client_id, new_password, new_secret,
};
use clap::Args;
use jiff::Timestamp;
use pytale::model::escaped;
use serde_json::{Value, json};

/// The role of a bot that may use consoles, and the one of a user.
const MODERATOR: u64 = 2;
const MEMBER: u64 = 1;

/// The roles that each group has.
pub(super) const ROLES: [(u64, &str); 3] =
    [(MEMBER, "Member"), (MODERATOR, "Moderator"), (7, "Owner")];

/// The groups of an account.
#[derive(Debug, Args)]
pub(super) struct Places {
    /// A group that the account joins, by name or id; may be repeated. By default, all groups of the configuration.
    #[arg(long = "group", value_name = "NAME|ID")]
    groups: Vec<String>,
    /// The role in these groups, by name or id. By default, Moderator for bots and Member for users.
    #[arg(long, value_name = "NAME|ID")]
    role: Option<String>,
}

/// The groups of a new account, or none.
#[derive(Debug, Args)]
pub(super) struct FirstPlaces {
    #[command(flatten)]
    places: Places,
    /// No group: the account gets invitations or requests to join, as in the cloud.
    #[arg(long, conflicts_with_all = ["groups", "role"])]
    no_group: bool,
}

impl FirstPlaces {
    /// The groups of a new account, each with the role's id.
    pub(super) fn find(&self, is_bot: bool, config: &Config) -> Result<Vec<(u64, u64)>, Failure> {
        if self.no_group {
            return Ok(Vec::new());
        }
        self.places.find(is_bot, config)
    }
}

/// A secret that is printed once.
#[derive(Clone)]
pub(super) struct Credentials {
    /// The names and values, in the order of printing.
    pub(super) lines: Vec<(&'static str, String)>,
}

impl Credentials {
    pub(super) fn json(&self) -> Value {
        let members = self.lines.iter();
        members
            .map(|(name, value)| (name.replace(' ', "_"), Value::from(value.as_str())))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

/// A new account with its credentials; the hash is computed before the state is locked.
#[derive(Clone)]
pub(super) struct Prepared {
    account: NewAccount,
    hash: SecretHash,
    lines: Vec<(&'static str, String)>,
}

/// A bot with these scopes, which are separated by spaces or commas.
pub(super) fn bot(name: &str, scopes: &[String]) -> Result<Prepared, Failure> {
    let scopes = if scopes.is_empty() {
        Scopes::ALL
    } else {
        self::scopes(scopes)?
    };
    let client_id = new_client_id().map_err(|error| unhashed(&error))?;
    let secret = new_secret().map_err(|error| unhashed(&error))?;
    let hash =
        SecretHash::of_secret(&secret, HashCost::default()).map_err(|error| unhashed(&error))?;
    Ok(Prepared {
        account: NewAccount {
            name: name.to_owned(),
            login: Login::Bot {
                client_id: client_id.clone(),
                scopes,
            },
            user_id: None,
        },
        hash,
        lines: vec![("client id", client_id), ("client secret", secret)],
    })
}

fn scopes(texts: &[String]) -> Result<Scopes, Failure> {
    let names: Vec<&str> = texts
        .iter()
        .flat_map(|text| text.split([' ', ',']))
        .filter(|name| !name.is_empty())
        .collect();
    if let Some(unknown) = names.iter().find(|name| !SCOPES.contains(name)) {
        let hint = match nearest(unknown, SCOPES.into_iter()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("the scopes are {}", SCOPES.join(", ")),
        };
        return Err(Failure::usage(format!("{unknown:?} is no scope")).advice(hint));
    }
    names
        .join(" ")
        .parse()
        .map_err(|_| Failure::usage("the scopes are wrong"))
}

/// A user with a random password.
pub(super) fn user(name: &str, email: &str) -> Result<Prepared, Failure> {
    let password = new_password().map_err(|error| unhashed(&error))?;
    let hash = SecretHash::of_password(&password, HashCost::default())
        .map_err(|error| unhashed(&error))?;
    Ok(Prepared {
        account: NewAccount {
            name: name.to_owned(),
            login: Login::User {
                email: email.to_owned(),
            },
            user_id: None,
        },
        hash,
        lines: vec![("username", name.to_owned()), ("password", password)],
    })
}

fn unhashed(error: &HashError) -> Failure {
    Failure::new(Status::Failed, error.to_string())
}

/// Adds an account to the state, and to groups.
pub(super) fn add(
    cloud: &mut Cloud,
    prepared: Prepared,
    places: &[(u64, u64)],
    now: Timestamp,
) -> Result<Credentials, Failure> {
    let Prepared {
        account,
        hash,
        mut lines,
    } = prepared;
    let id = cloud
        .add_account(account, hash, now)
        .map_err(|error| Failure::new(Status::Failed, error.to_string()))?;
    for (group, role) in places {
        cloud.set_member(*group, id, Membership::Accepted, Some(*role), now);
    }
    lines.insert(0, ("user id", id.to_string()));
    Ok(Credentials { lines })
}

impl Places {
    /// The groups, each with the role's id.
    fn find(&self, is_bot: bool, config: &Config) -> Result<Vec<(u64, u64)>, Failure> {
        let groups: Vec<&GroupConfig> = if self.groups.is_empty() {
            config.groups.iter().collect()
        } else {
            let found = self.groups.iter().map(|name| group(name, config));
            found.collect::<Result<_, _>>()?
        };
        let role_in = |group: &GroupConfig| match &self.role {
            Some(name) => role(name, group),
            None if is_bot => Ok(MODERATOR),
            None => Ok(MEMBER),
        };
        groups
            .into_iter()
            .map(|group| Ok((group.id, role_in(group)?)))
            .collect()
    }
}

/// Puts an account into groups, or gives it other roles in them. Returns its entry of the list.
pub(super) fn place(
    cloud: &mut Cloud,
    name: &str,
    places: &Places,
    config: &Config,
    now: Timestamp,
) -> Result<Vec<Value>, Failure> {
    let account = find(cloud, name)?;
    let (id, is_bot) = (account.user_id, matches!(account.login, Login::Bot { .. }));
    for (group, role) in places.find(is_bot, config)? {
        cloud.set_member(group, id, Membership::Accepted, Some(role), now);
    }
    let list = list(cloud).into_iter();
    Ok(list.filter(|account| account["user_id"] == id).collect())
}

fn group<'a>(name: &str, config: &'a Config) -> Result<&'a GroupConfig, Failure> {
    let is_it = |group: &&GroupConfig| group.name == name || group.id.to_string() == name;
    config.groups.iter().find(is_it).ok_or_else(|| {
        let names = config.groups.iter().map(|group| group.name.as_str());
        unknown("group", name, names)
    })
}

fn role(name: &str, group: &GroupConfig) -> Result<u64, Failure> {
    let own = group.roles.iter().map(|role| (role.id, role.name.as_str()));
    let mut roles: Vec<(u64, &str)> = own.collect();
    // A role of the configuration replaces the one with its id.
    for (id, name) in ROLES {
        if roles.iter().all(|(known, _)| *known != id) {
            roles.push((id, name));
        }
    }
    let is_it =
        |(id, known): &&(u64, &str)| known.eq_ignore_ascii_case(name) || id.to_string() == name;
    match roles.iter().find(is_it) {
        Some((id, _)) => Ok(*id),
        None => Err(unknown("role", name, roles.iter().map(|(_, name)| *name))),
    }
}

fn unknown<'a>(kind: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Failure {
    let known: Vec<&str> = known.collect();
    let advice = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("the {kind}s are {}", known.join(", ")),
    };
    Failure::usage(format!("there is no {kind} {name:?}")).advice(advice)
}

/// The account with this name, user id or client id.
pub(super) fn find<'a>(cloud: &'a Cloud, name: &str) -> Result<&'a Account, Failure> {
    let accounts = &cloud.accounts;
    let by_id = || accounts.get(name.parse().ok()?);
    let found = accounts
        .named(name)
        .or_else(|| accounts.bot(name))
        .or_else(by_id);
    found.ok_or_else(|| unknown("account", name, accounts.iter().map(|it| it.name.as_str())))
}

/// The new secret of an account.
pub(super) fn new_secret_of(login: &Login) -> Result<(SecretHash, Credentials), Failure> {
    let (hash, lines) = match login {
        Login::Bot { client_id, .. } => {
            let secret = new_secret().map_err(|error| unhashed(&error))?;
            let hash = SecretHash::of_secret(&secret, HashCost::default());
            (
                hash,
                vec![("client id", client_id.clone()), ("client secret", secret)],
            )
        }
        Login::User { .. } => {
            let password = new_password().map_err(|error| unhashed(&error))?;
            let hash = SecretHash::of_password(&password, HashCost::default());
            (hash, vec![("password", password)])
        }
    };
    Ok((
        hash.map_err(|error| unhashed(&error))?,
        Credentials { lines },
    ))
}

/// The accounts with their groups and roles.
pub(super) fn list(cloud: &Cloud) -> Vec<Value> {
    let accounts = cloud.accounts.iter().map(|account| {
        let groups: Vec<Value> = cloud
            .groups
            .values()
            .filter_map(|group| {
                let member = group.member(account.user_id, Membership::Accepted)?;
                let id = member.role_id;
                let role = group.role(id).and_then(|role| role.get("name")?.as_str());
                Some(json!({"id": group.id, "name": group.name, "role_id": id, "role": role}))
            })
            .collect();
        let (kind, client_id, scopes) = match &account.login {
            Login::Bot { client_id, scopes } => ("bot", Some(client_id), Some(scopes.to_string())),
            Login::User { .. } => ("user", None, None),
        };
        json!({
            "user_id": account.user_id,
            "name": account.name,
            "kind": kind,
            "client_id": client_id,
            "scopes": scopes,
            "created_at": account.created_at.to_string(),
            "groups": groups,
        })
    });
    accounts.collect()
}

/// One line of the list.
pub(super) fn list_row(account: &Value) -> [String; 4] {
    let text = |name: &str| match &account[name] {
        Value::String(text) => escaped(text).to_string(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    };
    let groups = account["groups"].as_array().map_or(&[][..], Vec::as_slice);
    let groups: Vec<String> = groups
        .iter()
        .map(|group| {
            let name = escaped(group["name"].as_str().unwrap_or_default());
            match group["role"].as_str() {
                Some(role) => format!("{name} ({})", escaped(role)),
                None => format!("{name} (no role {})", group["role_id"]),
            }
        })
        .collect();
    [
        text("user_id"),
        text("kind"),
        text("name"),
        groups.join(", "),
    ]
}
