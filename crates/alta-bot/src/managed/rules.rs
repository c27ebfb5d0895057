use alta_model::{Fleet, GroupId, InvitedGroup};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The groups, servers and invitations that a managed bot handles. [`ManagedBot::change_rules`](crate::ManagedBot::change_rules)
/// changes them at any time: consoles are then opened and closed accordingly.
///
/// An invitation to a group that the rules exclude is not accepted, even if [`invites`](Self::invites) accepts it. At the start and when
/// the rules change, a warning is logged for each allowed group that the bot does not belong to. Rules that contradict themselves
/// are an error at the start, and a warning later: a listed invitation to an excluded group, or a list of allowed groups that are
/// all denied.
///
/// By default, the bot handles every group that it belongs to and every server whose console its role permits, and accepts no
/// invitations.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rules {
    /// The invitations that are accepted, among those to allowed groups.
    pub invites: Invites,
    /// The allowed groups; `None` for all.
    pub allowed: Option<BTreeSet<GroupId>>,
    /// The denied groups, even if they are in [`allowed`](Self::allowed).
    pub denied: BTreeSet<GroupId>,
    /// True if consoles are opened. Without consoles, the bot still follows its groups and their servers.
    pub consoles: bool,
    /// The fleets whose consoles are opened; `None` for all. A server without a fleet is in none of them.
    pub fleets: Option<Vec<Fleet>>,
    /// If set, consoles of servers without players are not opened, and are closed this long after the last player has left.
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
    /// Sets [`invites`](Self#structfield.invites).
    #[must_use]
    pub fn invites(mut self, invites: Invites) -> Self {
        self.invites = invites;
        self
    }

    /// Allows only these groups.
    #[must_use]
    pub fn only(mut self, groups: impl IntoIterator<Item = GroupId>) -> Self {
        self.allowed = Some(groups.into_iter().collect());
        self
    }

    /// Denies these groups.
    #[must_use]
    pub fn except(mut self, groups: impl IntoIterator<Item = GroupId>) -> Self {
        self.denied.extend(groups);
        self
    }

    /// Sets [`consoles`](Self#structfield.consoles).
    #[must_use]
    pub fn consoles(mut self, open: bool) -> Self {
        self.consoles = open;
        self
    }

    /// Sets [`fleets`](Self#structfield.fleets).
    #[must_use]
    pub fn fleets(mut self, fleets: impl IntoIterator<Item = Fleet>) -> Self {
        self.fleets = Some(fleets.into_iter().collect());
        self
    }

    /// Sets [`leave_empty_after`](Self#structfield.leave_empty_after).
    #[must_use]
    pub fn leave_empty_after(mut self, after: Duration) -> Self {
        self.leave_empty_after = Some(after);
        self
    }

    /// Allows a group: adds it to the list of allowed groups, if there is one, and removes it from the denied ones.
    pub fn allow(&mut self, group: GroupId) {
        self.denied.remove(&group);
        if let Some(allowed) = &mut self.allowed {
            allowed.insert(group);
        }
    }

    /// Denies a group.
    pub fn deny(&mut self, group: GroupId) {
        self.denied.insert(group);
    }

    /// The contradictions in these rules.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(allowed) = &self.allowed
            && !allowed.is_empty()
            && allowed.is_subset(&self.denied)
        {
            problems.push(format!(
                "the rules exclude every group: {} allowed and denied",
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
                    "the rules accept invitations to groups that they exclude: {} listed but not allowed",
                    listed(&excluded)
                ));
            }
        }
        problems
    }

    /// Returns whether an invitation is accepted: its group is allowed, and [`invites`](Self::invites) accepts it.
    pub fn accepts(&self, invite: &InvitedGroup) -> bool {
        self.allows(invite.id) && self.invites.accepts(invite)
    }

    /// Returns whether a group is allowed.
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

/// The invitations that a managed bot accepts, among those to groups that its [`Rules`] allow.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Invites {
    /// None.
    #[default]
    None,
    /// All.
    All,
    /// The invitations to these groups.
    Listed(BTreeSet<GroupId>),
    /// The invitations for which the function returns true. It is called once per invitation, and again when the rules change.
    When(Arc<dyn Fn(&InvitedGroup) -> bool + Send + Sync>),
}

impl Invites {
    /// The invitations to these groups.
    pub fn listed(groups: impl IntoIterator<Item = GroupId>) -> Self {
        Self::Listed(groups.into_iter().collect())
    }

    /// The invitations for which the function returns true.
    pub fn when(accepts: impl Fn(&InvitedGroup) -> bool + Send + Sync + 'static) -> Self {
        Self::When(Arc::new(accepts))
    }

    /// Returns whether this invitation is accepted.
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
    fn contradictions_in_rules_are_found() {
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
        let problem = "the rules exclude every group: group 1 is allowed and denied";
        assert_eq!(rules.problems(), [problem]);
        let rules = Rules::default()
            .only([one])
            .invites(Invites::listed([one, two, three]));
        let problem = "the rules accept invitations to groups that they exclude: group 2, group 3 are listed but not allowed";
        assert_eq!(rules.problems(), [problem]);
        let rules = Rules::default()
            .except([two])
            .invites(Invites::listed([one, two]));
        assert_eq!(rules.problems().len(), 1);
    }
}
