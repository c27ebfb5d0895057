//! Changing groups and accounts.

use crate::error::Error;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::sim::Sim;
use crate::world::Missing;
use alta_cloud::state::Membership;

impl Sim {
    /// Adds a group of the user account. The bot is not a member.
    pub fn add_group(&self, name: &str) -> u64 {
        self.shared.with(|state, now| {
            let cloud = &mut state.world.cloud;
            let owner = self.shared.config.user_account.user_id;
            cloud.add_group(name, owner, now)
        })
    }

    /// Invites the bot to a group.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn invite_bot(&self, group: u64) -> Result<(), Error> {
        self.set_bot("inviting the bot", group, Membership::Invited)
    }

    /// Withdraws the bot's invitation to a group.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn uninvite_bot(&self, group: u64) -> Result<(), Error> {
        self.set_bot("withdrawing an invitation", group, Membership::Kicked)
    }

    /// Makes the bot a member of a group, with a role (1 member, 2 moderator, 7 owner).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn admit_bot(&self, group: u64, role_id: u64) -> Result<(), Error> {
        self.set_bot("admitting the bot", group, Membership::Accepted)?;
        self.set_role(group, self.bot().user_id, role_id)
    }

    /// Kicks the bot from a group.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn kick_bot(&self, group: u64) -> Result<(), Error> {
        self.set_bot("kicking the bot", group, Membership::Kicked)
    }

    fn set_bot(
        &self,
        doing: &'static str,
        group: u64,
        membership: Membership,
    ) -> Result<(), Error> {
        self.change(doing, |state, now| {
            let cloud = &mut state.world.cloud;
            let bot = self.shared.config.bot_account.user_id;
            let changed = cloud.change_membership(group, bot, membership, now);
            changed.map(|_| ()).ok_or(Missing::Group(group))
        })
    }

    /// Makes a user a member of a group. Adds an account if there is none with this name. Returns the user id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn add_member(&self, group: u64, username: &str) -> Result<u64, Error> {
        self.set_named("adding a member", group, username, Membership::Accepted)
    }

    /// Lets a user request to join a group. Returns the user id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn ask_to_join(&self, group: u64, username: &str) -> Result<u64, Error> {
        self.set_named(
            "requesting to join",
            group,
            username,
            Membership::RequestedJoin,
        )
    }

    /// Kicks a member from a group. Returns the user id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group, or no user with this name is a member of it.
    pub fn kick(&self, group: u64, username: &str) -> Result<u64, Error> {
        let end = (Membership::Accepted, Membership::Kicked);
        self.take_named("kicking a member", group, username, end)
    }

    /// Bans a user from a group. Returns the user id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn ban(&self, group: u64, username: &str) -> Result<u64, Error> {
        self.set_named("banning a user", group, username, Membership::Banned)
    }

    /// Lifts a ban. Returns the user id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group, or no user with this name is banned from it.
    pub fn unban(&self, group: u64, username: &str) -> Result<u64, Error> {
        let end = (Membership::Banned, Membership::Left);
        self.take_named("lifting a ban", group, username, end)
    }

    /// Invites a user to a group. Adds an account if there is none with this name. Returns the user id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn invite(&self, group: u64, username: &str) -> Result<u64, Error> {
        self.set_named("inviting a user", group, username, Membership::Invited)
    }

    /// Withdraws the invitation of a user to a group. Returns the user id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group, or no user with this name is invited to it.
    pub fn uninvite(&self, group: u64, username: &str) -> Result<u64, Error> {
        let end = (Membership::Invited, Membership::Left);
        self.take_named("withdrawing an invitation", group, username, end)
    }

    /// Withdraws the request of a user to join a group. Returns the user id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group, or no user with this name requests to join it.
    pub fn withdraw_request(&self, group: u64, username: &str) -> Result<u64, Error> {
        let end = (Membership::RequestedJoin, Membership::Left);
        self.take_named("withdrawing a request to join", group, username, end)
    }

    /// Changes the membership of a user, who has the first one, to the second one.
    fn take_named(
        &self,
        doing: &'static str,
        group: u64,
        username: &str,
        (from, to): (Membership, Membership),
    ) -> Result<u64, Error> {
        self.change(doing, |state, now| {
            let members = &state.world.group_mut(group)?.members;
            let mut candidates = members.values().filter(|member| member.membership == from);
            let found = candidates.find(|member| member.username.eq_ignore_ascii_case(username));
            let missing = || Missing::Named {
                username: username.to_owned(),
                from,
                group,
            };
            let user = found.ok_or_else(missing)?.user_id;
            let cloud = &mut state.world.cloud;
            cloud.change_membership(group, user, to, now);
            Ok(user)
        })
    }

    /// Adds a role to a group, with permissions such as `Console`. Returns its id, which is at least 3 and not 7, the id of the
    /// owner's role.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn add_role(&self, group: u64, name: &str, permissions: &[&str]) -> Result<u64, Error> {
        self.change("adding a role", |state, _| {
            let role = state.world.group_mut(group)?.add_role(name, permissions);
            state.world.cloud.group_updated(group);
            Ok(role)
        })
    }

    fn set_named(
        &self,
        doing: &'static str,
        group: u64,
        username: &str,
        membership: Membership,
    ) -> Result<u64, Error> {
        self.change(doing, |state, now| {
            state.world.group_mut(group)?;
            let cloud = &mut state.world.cloud;
            let user = cloud.user(username, now);
            cloud.change_membership(group, user, membership, now);
            Ok(user)
        })
    }

    /// Adds an account to the cloud, or finds it. Returns the user id.
    pub fn add_user(&self, username: &str) -> u64 {
        self.shared
            .with(|state, now| state.world.cloud.user(username, now))
    }

    /// Changes the role of a member of a group.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group, member or role.
    pub fn set_role(&self, group: u64, user: u64, role_id: u64) -> Result<(), Error> {
        self.change("setting a role", |state, now| {
            let found = state.world.group_mut(group)?;
            if !found.has_role(role_id) {
                return Err(Missing::Role {
                    group,
                    role: role_id,
                });
            }
            let changed = state.world.cloud.set_role(group, user, role_id, now);
            let missing = Missing::Member { group, user };
            changed.map(|_| ()).ok_or(missing)
        })
    }

    /// Renames a group.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn rename_group(&self, group: u64, name: &str) -> Result<(), Error> {
        self.change("renaming a group", |state, _| {
            name.clone_into(&mut state.world.group_mut(group)?.name);
            state.world.cloud.group_updated(group);
            Ok(())
        })
    }
}
