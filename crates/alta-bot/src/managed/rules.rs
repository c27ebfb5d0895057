use alta_model::{Fleet, GroupId, InvitedGroup};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Which groups and servers a managed bot looks after. It can be changed at any time, by
/// [`ManagedBot::change_rules`](crate::ManagedBot::change_rules): consoles are then opened and closed accordingly.
///
/// An invitation to a group that the rules leave out is not accepted, whatever [`invites`](Self::invites) says. A group that
/// they name and that the bot does not belong to is warned of, at the start and when the rules change. Rules that cannot
/// make sense are an error at the start (and a warning later): a listed invitation to a group that is left out, or nothing
/// but groups that are both allowed and denied.
///
/// By default the bot looks after every group it belongs to and every server whose console its role permits, and accepts
/// no invitations.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rules {
    /// Which invitations are accepted, among those to groups that are looked after.
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

    /// Contradictions in these rules.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(allowed) = &self.allowed
            && !allowed.is_empty()
            && allowed.is_subset(&self.denied)
        {
            problems.push(format!(
                "the rules leave every group out: {} allowed and denied",
                listed(allowed)
            ));
        }
        if let Invites::Listed(groups) = &self.invites {
            let excluded: BTreeSet<_> = groups
                .iter()
                .filter(|group| !self.allows(**group))
                .copied()
                .collect();
            if !excluded.is_empty() {
                problems.push(format!(
                    "the rules accept invitations to groups that they leave out: {} listed but not allowed",
                    listed(&excluded)
                ));
            }
        }
        problems
    }

    /// Whether an invitation is accepted: to a group that is looked after, and that [`invites`](Self::invites) accepts.
    pub fn accepts(&self, invite: &InvitedGroup) -> bool {
        self.allows(invite.id) && self.invites.accepts(invite)
    }

    /// Whether a group is looked after.
    pub fn allows(&self, group: GroupId) -> bool {
        let listed = self.allowed.as_ref();
        listed.is_none_or(|allowed| allowed.contains(&group)) && !self.denied.contains(&group)
    }
}

fn listed(groups: &BTreeSet<GroupId>) -> String {
    let names: Vec<_> = groups
        .iter()
        .map(|group| format!("group {group}"))
        .collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(", "))
}

/// Which invitations a managed bot accepts, among those to groups that its [`Rules`] allow.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Invites {
    /// None.
    #[default]
    None,
    /// All, of groups that the rules allow.
    All,
    /// Those to these groups.
    Listed(BTreeSet<GroupId>),
    /// Those for which the function returns true. It is called once per invitation, and again when the rules have changed.
    When(Arc<dyn Fn(&InvitedGroup) -> bool + Send + Sync>),
}

impl Invites {
    /// Those to these groups.
    pub fn listed(groups: impl IntoIterator<Item = GroupId>) -> Self {
        Self::Listed(groups.into_iter().collect())
    }

    /// Those for which the function returns true.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_cannot_make_sense_are_told() {
        let [one, two, three] = [1, 2, 3].map(GroupId::new);
        let fine = [
            Rules::default(),
            Rules::default().only([]),
            Rules::default().only([one, two]).except([two]),
            Rules::default().only([one]).invites(Invites::All),
            Rules::default().except([one]).invites(Invites::All),
            Rules::default().invites(Invites::listed([one])),
            Rules::default()
                .only([one, two])
                .invites(Invites::listed([two])),
        ];
        for rules in fine {
            assert_eq!(rules.problems(), [""; 0], "{rules:?}");
        }
        let rules = Rules::default().only([one]).except([one, two]);
        let problem = "the rules leave every group out: group 1 is allowed and denied";
        assert_eq!(rules.problems(), [problem]);
        let rules = Rules::default()
            .only([one])
            .invites(Invites::listed([one, two, three]));
        let problem = "the rules accept invitations to groups that they leave out: group 2, group 3 are listed but not allowed";
        assert_eq!(rules.problems(), [problem]);
        let rules = Rules::default()
            .except([two])
            .invites(Invites::listed([one, two]));
        assert_eq!(rules.problems().len(), 1);
    }
}
