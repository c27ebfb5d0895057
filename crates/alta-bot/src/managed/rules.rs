use alta_model::{Fleet, GroupId, InvitedGroup};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Which groups and servers a managed bot looks after. It can be changed at any time, by
/// [`ManagedBot::change_rules`](crate::ManagedBot::change_rules): what is open and what should be open are then made equal.
///
/// By default the bot looks after every group it belongs to and every server whose console its role permits, and accepts
/// no invitations.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rules {
    /// Which invitations are accepted.
    pub invites: Invites,
    /// The groups that are looked after; all, if there is no list.
    pub allowed: Option<BTreeSet<GroupId>>,
    /// The groups that are not looked after, whatever the other list says.
    pub denied: BTreeSet<GroupId>,
    /// Whether consoles are opened at all. Without them the bot still follows its groups and their servers.
    pub consoles: bool,
    /// The fleets whose servers are looked after; all, if there is no list. A server that tells no fleet is in none.
    pub fleets: Option<Vec<Fleet>>,
    /// Whether servers without players are left alone: they aren't opened, and closed when the last player has been gone
    /// for so long.
    pub leave_empty_after: Option<Duration>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            invites: Invites::None,
            allowed: None,
            denied: BTreeSet::new(),
            consoles: true,
            fleets: None,
            leave_empty_after: None,
        }
    }
}

impl Rules {
    /// Sets [`invites`](Self::invites).
    #[must_use]
    pub fn invites(mut self, invites: Invites) -> Self {
        self.invites = invites;
        self
    }

    /// With these groups only.
    #[must_use]
    pub fn only(mut self, groups: impl IntoIterator<Item = GroupId>) -> Self {
        self.allowed = Some(groups.into_iter().collect());
        self
    }

    /// Without these groups.
    #[must_use]
    pub fn except(mut self, groups: impl IntoIterator<Item = GroupId>) -> Self {
        self.denied.extend(groups);
        self
    }

    /// Sets [`consoles`](Self::consoles).
    #[must_use]
    pub fn consoles(mut self, open: bool) -> Self {
        self.consoles = open;
        self
    }

    /// Sets [`fleets`](Self::fleets).
    #[must_use]
    pub fn fleets(mut self, fleets: impl IntoIterator<Item = Fleet>) -> Self {
        self.fleets = Some(fleets.into_iter().collect());
        self
    }

    /// Sets [`leave_empty_after`](Self::leave_empty_after).
    #[must_use]
    pub fn leave_empty_after(mut self, after: Duration) -> Self {
        self.leave_empty_after = Some(after);
        self
    }

    /// Looks after a group from now on: puts it on the list of allowed ones, if there is one, and takes it from the denied.
    pub fn allow(&mut self, group: GroupId) {
        self.denied.remove(&group);
        if let Some(allowed) = &mut self.allowed {
            allowed.insert(group);
        }
    }

    /// Does not look after a group any more.
    pub fn deny(&mut self, group: GroupId) {
        self.denied.insert(group);
    }

    /// Whether a group is looked after.
    pub fn allows(&self, group: GroupId) -> bool {
        let listed = self.allowed.as_ref();
        listed.is_none_or(|allowed| allowed.contains(&group)) && !self.denied.contains(&group)
    }
}

/// Which invitations a managed bot accepts.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Invites {
    /// None: they wait for somebody else.
    #[default]
    None,
    /// All.
    All,
    /// Those to these groups.
    Listed(BTreeSet<GroupId>),
    /// Those that the function says yes to. It is called once per invitation, and again when the rules have changed.
    When(Arc<dyn Fn(&InvitedGroup) -> bool + Send + Sync>),
}

impl Invites {
    /// Those to these groups.
    pub fn listed(groups: impl IntoIterator<Item = GroupId>) -> Self {
        Self::Listed(groups.into_iter().collect())
    }

    /// Those that the function says yes to.
    pub fn when(accepts: impl Fn(&InvitedGroup) -> bool + Send + Sync + 'static) -> Self {
        Self::When(Arc::new(accepts))
    }

    /// Whether this invitation is accepted.
    pub fn accepts(&self, invite: &InvitedGroup) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Listed(groups) => groups.contains(&invite.id),
            Self::When(accepts) => accepts(invite),
        }
    }
}

impl fmt::Debug for Invites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::All => f.write_str("All"),
            Self::Listed(groups) => f.debug_tuple("Listed").field(groups).finish(),
            Self::When(_) => f.write_str("When"),
        }
    }
}
