//! Groups, members and roles.

use super::find;
use super::values::Reference;
use super::{AtOnce, Done, done};
use crate::sim::Sim;
use serde::Deserialize;
use serde_json::json;

/// Adds a group of the user account. The result has the id of the `group`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AddGroup {
    /// The name.
    pub name: String,
}

impl AtOnce for AddGroup {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { name } = self;
        Ok(json!({ "group": sim.add_group(name) }))
    }
}

/// Renames a group.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RenameGroup {
    /// The group.
    pub group: Option<Reference>,
    /// The new name.
    pub name: String,
}

impl AtOnce for RenameGroup {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { group, name } = self;
        sim.rename_group(find::group(sim, group.as_ref())?, name)?;
        done()
    }
}

/// A user or a bot becomes a member of a group. The result has the id of the `user`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AddMember {
    /// The group.
    pub group: Option<Reference>,
    /// The user. A name without an account gets one.
    pub user: Reference,
}

impl AtOnce for AddMember {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { group, user } = self;
        let user = sim.add_member(
            find::group(sim, group.as_ref())?,
            &find::username(sim, user)?,
        )?;
        Ok(json!({ "user": user }))
    }
}

/// Invites a user or a bot to a group. The result has the id of the `user`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Invite {
    /// The group.
    pub group: Option<Reference>,
    /// The user. A name without an account gets one.
    pub user: Reference,
}

impl AtOnce for Invite {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { group, user } = self;
        let user = sim.invite(
            find::group(sim, group.as_ref())?,
            &find::username(sim, user)?,
        )?;
        Ok(json!({ "user": user }))
    }
}

/// Withdraws an invitation.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Uninvite {
    /// The group.
    pub group: Option<Reference>,
    /// The user.
    pub user: Reference,
}

impl AtOnce for Uninvite {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { group, user } = self;
        sim.uninvite(
            find::group(sim, group.as_ref())?,
            &find::username(sim, user)?,
        )?;
        done()
    }
}

/// A user requests to join a group. The result has the id of the `user`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestToJoin {
    /// The group.
    pub group: Option<Reference>,
    /// The user. A name without an account gets one.
    pub user: Reference,
}

impl AtOnce for RequestToJoin {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { group, user } = self;
        let user = sim.ask_to_join(
            find::group(sim, group.as_ref())?,
            &find::username(sim, user)?,
        )?;
        Ok(json!({ "user": user }))
    }
}

/// A user withdraws a request to join.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WithdrawRequest {
    /// The group.
    pub group: Option<Reference>,
    /// The user.
    pub user: Reference,
}

impl AtOnce for WithdrawRequest {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { group, user } = self;
        sim.withdraw_request(
            find::group(sim, group.as_ref())?,
            &find::username(sim, user)?,
        )?;
        done()
    }
}

/// Kicks a member from a group.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Kick {
    /// The group.
    pub group: Option<Reference>,
    /// The user.
    pub user: Reference,
}

impl AtOnce for Kick {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { group, user } = self;
        sim.kick(
            find::group(sim, group.as_ref())?,
            &find::username(sim, user)?,
        )?;
        done()
    }
}

/// Bans a user from a group. The result has the id of the `user`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Ban {
    /// The group.
    pub group: Option<Reference>,
    /// The user. A name without an account gets one.
    pub user: Reference,
}

impl AtOnce for Ban {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { group, user } = self;
        let user = sim.ban(
            find::group(sim, group.as_ref())?,
            &find::username(sim, user)?,
        )?;
        Ok(json!({ "user": user }))
    }
}

/// Lifts a ban.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Unban {
    /// The group.
    pub group: Option<Reference>,
    /// The user.
    pub user: Reference,
}

impl AtOnce for Unban {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { group, user } = self;
        sim.unban(
            find::group(sim, group.as_ref())?,
            &find::username(sim, user)?,
        )?;
        done()
    }
}

/// Sets the role of a member.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// The group.
    pub group: Option<Reference>,
    /// The member.
    pub user: Reference,
    /// The role: 1 or `Member`, 2 or `Moderator`, 7 or `Owner`, or one of the group's own.
    pub role: Reference,
}

impl AtOnce for Role {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { group, user, role } = self;
        let group = find::group(sim, group.as_ref())?;
        let user = find::user(sim, user)?;
        sim.set_role(group, user, find::role(sim, group, role)?)?;
        done()
    }
}

/// Adds a role to a group. The result has the id of the `role`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AddRole {
    /// The group.
    pub group: Option<Reference>,
    /// The name.
    pub name: String,
    /// The permissions, such as `Console`.
    pub permissions: Vec<String>,
}

impl AtOnce for AddRole {
    fn perform(&self, sim: &Sim) -> Done {
        let Self {
            group,
            name,
            permissions,
        } = self;
        let permissions: Vec<&str> = permissions.iter().map(String::as_str).collect();
        let role = sim.add_role(find::group(sim, group.as_ref())?, name, &permissions)?;
        Ok(json!({ "role": role }))
    }
}
