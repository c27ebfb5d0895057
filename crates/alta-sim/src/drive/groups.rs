//! Driving groups and accounts.

use crate::error::Error;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::sim::Sim;
use crate::world::Standing;

impl Sim {
    /// Makes a group owned by the user account. The bot has nothing to do with it yet.
    pub fn add_group(&self, name: &str) -> u64 {
        self.shared.with(|state, now| {
            let owner = state.accounts.user.user_id;
            state.world.add_group(name, owner, now)
        })
    }

    /// Invites the bot to a group.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn invite_bot(&self, group: u64) -> Result<(), Error> {
        self.bot_standing("inviting the bot", group, Standing::Invited)
    }

    /// Takes the bot's invite to a group back.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn uninvite_bot(&self, group: u64) -> Result<(), Error> {
        self.bot_standing("taking an invite back", group, Standing::Kicked)
    }

    /// Makes the bot a member of a group at once, with a role (1 member, 2 moderator, 7 owner).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn admit_bot(&self, group: u64, role_id: u64) -> Result<(), Error> {
        self.bot_standing("admitting the bot", group, Standing::Accepted)?;
        self.set_role(group, self.bot().user_id, role_id)
    }

    /// Throws the bot out of a group.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn kick_bot(&self, group: u64) -> Result<(), Error> {
        self.bot_standing("kicking the bot", group, Standing::Kicked)
    }

    fn bot_standing(
        &self,
        doing: &'static str,
        group: u64,
        standing: Standing,
    ) -> Result<(), Error> {
        self.change(doing, |state, now| {
            let bot = state.accounts.bot.user_id;
            state
                .world
                .change_standing(group, bot, standing, now)
                .map(|_| ())
        })
    }

    /// Makes somebody a member of a group; an account of that name is made if there is none. Returns the user id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn add_member(&self, group: u64, username: &str) -> Result<u64, Error> {
        self.named_standing("adding a member", group, username, Standing::Accepted)
    }

    /// Lets somebody ask to join a group. Returns the user id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn ask_to_join(&self, group: u64, username: &str) -> Result<u64, Error> {
        self.named_standing("asking to join", group, username, Standing::RequestedJoin)
    }

    /// Bans somebody from a group. Returns the user id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn ban(&self, group: u64, username: &str) -> Result<u64, Error> {
        self.named_standing("banning somebody", group, username, Standing::Banned)
    }

    /// Lifts a ban. Returns the user id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group, or nobody of that name is banned from it.
    pub fn unban(&self, group: u64, username: &str) -> Result<u64, Error> {
        self.change("lifting a ban", |state, now| {
            let world = &mut state.world;
            let members = &world.groups.get(&group)?.members;
            let user = members
                .values()
                .filter(|member| member.standing == Standing::Banned)
                .find(|member| member.username.eq_ignore_ascii_case(username))?
                .user_id;
            let lifted = world.change_standing(group, user, Standing::Left, now);
            lifted.map(|_| user)
        })
    }

    /// Makes a role of a group's own, with permissions such as `Console`. Returns its id: 3 or more, and not 7, which is the
    /// owner's.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn add_role(&self, group: u64, name: &str, permissions: &[&str]) -> Result<u64, Error> {
        self.change("adding a role", |state, _| {
            let role = state
                .world
                .groups
                .get_mut(&group)?
                .add_role(name, permissions);
            state.world.tell_group_update(group);
            Some(role)
        })
    }

    fn named_standing(
        &self,
        doing: &'static str,
        group: u64,
        username: &str,
        standing: Standing,
    ) -> Result<u64, Error> {
        self.change(doing, |state, now| {
            state.world.groups.get(&group)?;
            let user = state.world.person(username, false, now);
            state
                .world
                .change_standing(group, user, standing, now)
                .map(|_| user)
        })
    }

    /// Makes an account in the cloud, or finds it. Returns the user id.
    pub fn add_person(&self, username: &str) -> u64 {
        self.shared
            .with(|state, now| state.world.person(username, false, now))
    }

    /// Gives a member of a group another role.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group or member.
    pub fn set_role(&self, group: u64, user: u64, role_id: u64) -> Result<(), Error> {
        self.change("setting a role", |state, now| {
            state.world.set_role(group, user, role_id, now).map(|_| ())
        })
    }

    /// Renames a group.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn rename_group(&self, group: u64, name: &str) -> Result<(), Error> {
        self.change("renaming a group", |state, _| {
            name.clone_into(&mut state.world.groups.get_mut(&group)?.name);
            state.world.tell_group_update(group);
            Some(())
        })
    }
}
