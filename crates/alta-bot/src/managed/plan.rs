//! The machine that decides which consoles to open and to close, without I/O: the view, the rules, the time and the ends of
//! consoles go in; opens and closes come out.

use super::Rules;
use super::console_permission::{ConsolePermission, console_permission};
use crate::view::GroupView;
use alta_model::{GroupId, Role, ServerId};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// A console that is refused although the role permits it is tried again after this pause, since the service may have been
/// wrong. Each further refusal doubles the pause, up to the longest.
pub(crate) const REFUSED_PAUSE: Duration = Duration::from_secs(5);
pub(crate) const LONGEST_REFUSED_PAUSE: Duration = Duration::from_secs(5 * 60);
/// A console that could not be opened is tried again after this pause.
pub(crate) const FAILED_PAUSE: Duration = Duration::from_secs(10);
/// A console that has not connected within this time makes room for the next at the start, and continues to try.
pub(crate) const OPENING_LIMIT: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(crate) struct Plan {
    /// The largest number of consoles that open at the same time.
    at_once: usize,
    slots: BTreeMap<ServerId, Slot>,
    queue: VecDeque<ServerId>,
    empty_after: Option<Duration>,
    outputs: Vec<Output>,
}

#[derive(Debug)]
struct Slot {
    group: GroupId,
    permission: ConsolePermission,
    stage: Stage,
    role: Option<Role>,
    empty_since: Option<Instant>,
    pause: Pause,
    /// The number of refusals in a row.
    refusals: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Closed,
    /// In the queue.
    Waiting,
    /// Since this instant; it counts towards the consoles that open at the same time.
    Opening(Instant),
    Open,
    Closing,
}

/// The reason why a wanted console is not opened now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pause {
    No,
    Until(Instant),
    /// Until its permission or the role changes.
    UntilChanged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Open(ServerId, GroupId),
    Close(ServerId),
}

/// The end of a console that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The plan closed it.
    Stopped,
    /// The server or the cloud refused it permanently.
    Refused,
    /// The program closed it.
    Closed,
    /// It could not be opened.
    Failed,
}

impl From<att_kit::End> for End {
    fn from(end: att_kit::End) -> Self {
        match end {
            att_kit::End::Stopped => Self::Stopped,
            att_kit::End::Closed => Self::Closed,
            att_kit::End::Refused(_) => Self::Refused,
            _ => Self::Failed,
        }
    }
}

impl Plan {
    pub(crate) fn new(at_once: usize) -> Self {
        Self {
            at_once: at_once.max(1),
            slots: BTreeMap::new(),
            queue: VecDeque::new(),
            empty_after: None,
            outputs: Vec::new(),
        }
    }

    pub(crate) fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    /// A group or the rules have changed; no view if the bot no longer belongs to the group.
    pub(crate) fn update(
        &mut self,
        group: GroupId,
        view: Option<&GroupView>,
        rules: &Rules,
        now: Instant,
    ) {
        self.empty_after = rules.leave_empty_after;
        let mut updated = Vec::new();
        if let Some(view) = view {
            for (server, known) in &view.servers {
                let slot = self
                    .slots
                    .entry(*server)
                    .or_insert_with(|| Slot::new(group));
                slot.group = group;
                let permission = console_permission(view, known, rules);
                if permission == ConsolePermission::NoPermission && slot.permission != permission {
                    tracing::info!(
                        %group, %server, name = known.name,
                        "a console is not opened: the bot's role doesn't permit it"
                    );
                }
                slot.set_permission(permission, view.role(), now);
                updated.push(*server);
            }
        }
        for (server, slot) in &mut self.slots {
            if slot.group == group && !view.is_some_and(|view| view.servers.contains_key(server)) {
                slot.set_permission(ConsolePermission::Gone, None, now);
                updated.push(*server);
            }
        }
        for server in updated {
            self.settle(server, now);
        }
        self.open_next(now);
    }

    /// A console is connected.
    pub(crate) fn connected(&mut self, server: ServerId, now: Instant) {
        if let Some(slot) = self.slots.get_mut(&server) {
            slot.refusals = 0;
        }
        self.opened(server, now);
    }

    /// A console is not connected: it was lost, or an attempt has failed. It continues to try.
    pub(crate) fn disconnected(&mut self, server: ServerId, now: Instant) {
        self.opened(server, now);
    }

    /// A console no longer counts as opening, so the next one in the queue may open.
    fn opened(&mut self, server: ServerId, now: Instant) {
        if let Some(slot) = self.slots.get_mut(&server)
            && matches!(slot.stage, Stage::Opening(_))
        {
            slot.stage = Stage::Open;
        }
        self.settle(server, now);
        self.open_next(now);
    }

    /// A console has ended.
    pub(crate) fn ended(&mut self, server: ServerId, end: End, now: Instant) {
        if let Some(slot) = self.slots.get_mut(&server) {
            let was_closing = slot.stage == Stage::Closing;
            slot.stage = Stage::Closed;
            slot.pause = match end {
                _ if was_closing => Pause::No,
                End::Stopped => Pause::No,
                End::Refused => Pause::after(slot.refused(), now),
                End::Failed => Pause::after(FAILED_PAUSE, now),
                End::Closed => Pause::UntilChanged,
            };
        }
        self.settle(server, now);
        self.open_next(now);
    }

    /// Time has passed.
    pub(crate) fn tick(&mut self, now: Instant) {
        let mut due = Vec::new();
        for (server, slot) in &mut self.slots {
            if slot.deadline(self.empty_after).is_none_or(|at| at > now) {
                continue;
            }
            due.push(*server);
            match (slot.stage, slot.pause) {
                (Stage::Opening(_), _) => slot.stage = Stage::Open,
                (Stage::Closed, Pause::Until(_)) => slot.pause = Pause::No,
                _ => {}
            }
        }
        for server in due {
            self.settle(server, now);
        }
        self.open_next(now);
    }

    /// The next instant at which [`tick`](Self::tick) must be called.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let slots = self.slots.values();
        slots
            .filter_map(|slot| slot.deadline(self.empty_after))
            .min()
    }

    /// Moves a slot to the stage that its permission requires.
    fn settle(&mut self, server: ServerId, now: Instant) {
        let Some(slot) = self.slots.get_mut(&server) else {
            return;
        };
        let wanted = slot.is_wanted(self.empty_after, now);
        match slot.stage {
            Stage::Closed if wanted && slot.pause == Pause::No => {
                slot.stage = Stage::Waiting;
                self.queue.push_back(server);
            }
            Stage::Closed if slot.permission == ConsolePermission::Gone => {
                self.slots.remove(&server);
            }
            Stage::Waiting if !wanted => {
                self.queue.retain(|waiting| *waiting != server);
                slot.stage = Stage::Closed;
                if slot.permission == ConsolePermission::Gone {
                    self.slots.remove(&server);
                }
            }
            Stage::Opening(_) | Stage::Open if !wanted => {
                slot.stage = Stage::Closing;
                self.outputs.push(Output::Close(server));
            }
            _ => {}
        }
    }

    fn open_next(&mut self, now: Instant) {
        let opening = |slot: &&Slot| matches!(slot.stage, Stage::Opening(_));
        let mut opening = self.slots.values().filter(opening).count();
        while opening < self.at_once {
            let Some(server) = self.queue.pop_front() else {
                return;
            };
            if let Some(slot) = self.slots.get_mut(&server) {
                slot.stage = Stage::Opening(now);
                opening += 1;
                self.outputs.push(Output::Open(server, slot.group));
            }
        }
    }
}

impl Slot {
    fn new(group: GroupId) -> Self {
        Self {
            group,
            permission: ConsolePermission::Offline,
            stage: Stage::Closed,
            role: None,
            empty_since: None,
            pause: Pause::No,
            refusals: 0,
        }
    }

    /// Counts a refusal, and returns the pause after it.
    fn refused(&mut self) -> Duration {
        let pause = REFUSED_PAUSE.saturating_mul(2_u32.saturating_pow(self.refusals));
        self.refusals = self.refusals.saturating_add(1);
        pause.min(LONGEST_REFUSED_PAUSE)
    }

    fn set_permission(&mut self, permission: ConsolePermission, role: Option<&Role>, now: Instant) {
        // After another permission or role, a refused console is tried again at once.
        if self.permission != permission || self.role.as_ref() != role {
            self.pause = Pause::No;
            self.role = role.cloned();
        }
        self.permission = permission;
        self.empty_since =
            (permission == ConsolePermission::Empty).then(|| self.empty_since.unwrap_or(now));
    }

    fn is_wanted(&self, empty_after: Option<Duration>, now: Instant) -> bool {
        match (self.permission, self.stage) {
            // A restart is an outage of the console. While its server is stopped, it rarely requests access.
            (ConsolePermission::Wanted | ConsolePermission::Unknown, _)
            | (ConsolePermission::Offline, Stage::Opening(_) | Stage::Open) => true,
            (ConsolePermission::Empty, Stage::Opening(_) | Stage::Open) => {
                self.close_empty_at(empty_after).is_none_or(|at| at > now)
            }
            _ => false,
        }
    }

    /// When the console of an empty server is closed.
    fn close_empty_at(&self, empty_after: Option<Duration>) -> Option<Instant> {
        self.empty_since?.checked_add(empty_after?)
    }

    fn deadline(&self, empty_after: Option<Duration>) -> Option<Instant> {
        let empty = self.close_empty_at(empty_after);
        match (self.stage, self.pause) {
            (Stage::Closed, Pause::Until(at)) => Some(at),
            (Stage::Open, _) => empty,
            (Stage::Opening(since), _) => {
                let limit = since.checked_add(OPENING_LIMIT);
                limit.into_iter().chain(empty).min()
            }
            _ => None,
        }
    }
}

impl Pause {
    fn after(pause: Duration, now: Instant) -> Self {
        now.checked_add(pause)
            .map_or(Self::UntilChanged, Self::Until)
    }
}
