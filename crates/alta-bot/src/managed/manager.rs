//! The task of a managed bot: the driver of the plan.

use super::announced::Announced;
use super::group_handlers::{Function, GroupHandlers};
use super::health::Sources;
use super::invites::Invites;
use super::plan::{Output, Plan};
use super::rules::Rules;
use crate::bot::Bot;
use crate::clock::{after, now, sleep_until};
use crate::error::ErrorKind;
use crate::invitations::Input;
use crate::throttled_access::ServerState;
use crate::view::{Changes, GroupView, View};
use crate::watch_server::ServerInfo;
use alta_model::{GroupId, InvitedGroup, ServerId};
use alta_socket::Shutdown;
use att_console::Closed;
use att_kit::{
    Call, Calls, Deadline, HandlerInfo, HandlerQueue, Opened, Runner, RunnerEvent, StopBy,
    stop_requested,
};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{debug, info, info_span, warn};

/// Opens and closes the consoles of the bot's groups, and calls the handlers of groups.
pub(crate) struct Manager {
    pub(crate) bot: Bot,
    pub(crate) view: View,
    pub(crate) changes: Changes,
    calls: Calls,
    handlers: Arc<GroupHandlers>,
    pub(crate) rules: watch::Receiver<Arc<Rules>>,
    pub(crate) invites: Invites,
    plan: Plan,
    runner: Runner<ServerId>,
    /// The calls of the handlers of groups.
    queue: HandlerQueue<GroupId>,
    /// The groups as their handlers know them.
    announced: BTreeMap<GroupId, Announced>,
    /// Groups that were joined and are not complete, each with the deadline of the wait.
    joining: BTreeMap<GroupId, Instant>,
    /// Groups with pending handler calls, waiting for queue capacity. A change that is undone meanwhile causes no call.
    changed: BTreeSet<GroupId>,
    /// For each open console, whether its server runs.
    up: BTreeMap<ServerId, watch::Sender<bool>>,
    /// True if the main websocket is connected, so that the event of a server's start arrives.
    is_connected: watch::Sender<bool>,
    /// True if the groups that the rules name must be compared with the groups of the bot.
    rules_are_new: bool,
}

impl Manager {
    pub(crate) fn new(
        sources: &Sources,
        handlers: Arc<GroupHandlers>,
        invites: Invites,
        opening: usize,
    ) -> Self {
        let Sources {
            bot,
            view,
            calls,
            consoles,
            rules,
            ..
        } = sources.clone();
        let changes = view.changes();
        // The groups at the start count as announced; their servers do not.
        let announced = view.groups().into_iter();
        let announced = announced.map(|group| (group.id(), Announced::without_servers(&group)));
        Self {
            changes,
            rules,
            invites,
            plan: Plan::new(opening),
            runner: Runner::manual(consoles, calls.clone()),
            queue: HandlerQueue::new(&calls, calls.limits().handlers),
            announced: announced.collect(),
            joining: BTreeMap::new(),
            changed: BTreeSet::new(),
            up: BTreeMap::new(),
            is_connected: watch::Sender::new(false),
            rules_are_new: true,
            bot,
            view,
            calls,
            handlers,
        }
    }

    /// Runs until a stop is requested or the bot is closed; then running handlers may finish. Returns the number of handler calls
    /// that were not made or did not finish.
    pub(crate) async fn run(
        mut self,
        shutdown: Shutdown,
        mut stop: watch::Receiver<StopBy>,
    ) -> usize {
        self.update_all();
        warn_of_rules(&self.rules.borrow());
        let grace = self.calls.limits().grace;
        let mut socket = self.bot.socket().ok().map(alta_ws::Client::statuses);
        let by = loop {
            self.perform();
            self.announce_changed();
            let deadline = self.plan.deadline();
            let joined = self.joining.values().min().copied();
            tokio::select! {
                by = stop_requested(&mut stop) => break by,
                () = shutdown.requested() => break Instant::now(),
                change = self.changes.next() => match change {
                    Some(Ok(change)) => self.update(change.group()),
                    Some(Err(_)) => self.update_all(),
                    None => break after(grace),
                },
                Ok(()) = self.rules.changed() => {
                    self.rules_are_new = true;
                    warn_of_rules(&self.rules.borrow_and_update());
                    self.update_all();
                    self.invites.list();
                }
                input = self.invites.next(), if !self.queue.is_full() => {
                    if matches!(input, Input::Closed) {
                        break after(grace);
                    }
                    self.invitations(input);
                }
                (server, event) = self.runner.next() => self.console(server, event),
                connected = next_connected(&mut socket) => {
                    self.is_connected.send_if_modified(|now| std::mem::replace(now, connected) != connected);
                }
                () = self.queue.progress() => {}
                () = sleep_until(deadline) => self.plan.tick(now()),
                () = sleep_until(joined), if !self.queue.is_full() => self.changed.extend(self.joining.keys()),
            }
        };
        info!("closing");
        drop(self.changes);
        self.invites.close().await;
        let deadline = || Deadline::new(by, &stop);
        let (calls, of_consoles) = tokio::join!(
            self.queue.finish(deadline()),
            self.runner.finish(deadline())
        );
        calls + of_consoles
    }

    fn update_all(&mut self) {
        let groups = self.view.groups().into_iter().map(|group| group.id());
        let groups: BTreeSet<_> = groups.chain(self.announced.keys().copied()).collect();
        for group in groups {
            self.update(group);
        }
    }

    /// Passes a group to the plan and to its open consoles, and marks it for the handlers.
    fn update(&mut self, group: GroupId) {
        let view = self.view.group(group);
        let rules = Arc::clone(&self.rules.borrow());
        self.plan.update(group, view.as_deref(), &rules, now());
        if let Some(view) = view {
            self.update_consoles(&view);
        }
        self.changed.insert(group);
    }

    /// Passes the states and the names of servers to their open consoles. The event of a rename can be missed in an outage of the
    /// main websocket; the view is read again after that.
    fn update_consoles(&self, group: &GroupView) {
        for server in group.servers.values() {
            self.bot.inner.consoles.rename(server.id, &server.name);
            if let Some(up) = self.up.get(&server.id) {
                let is_up = server.is_online || server.known.is_none();
                up.send_if_modified(|up| std::mem::replace(up, is_up) != *up);
            }
        }
    }

    fn announce_changed(&mut self) {
        while !self.queue.is_full() {
            let Some(group) = self.changed.pop_first() else {
                return;
            };
            self.announce(group);
        }
    }

    /// Compares a group with its last announced state, and calls handlers.
    fn announce(&mut self, group: GroupId) {
        let handlers = Arc::clone(&self.handlers);
        let updates = match (self.announced.remove(&group), self.view.group(group)) {
            (None, None) => {
                self.joining.remove(&group);
                return;
            }
            (Some(announced), None) => {
                let old = Arc::clone(&announced.group);
                info!(%group, name = old.name(), "left a group");
                for function in &handlers.left {
                    self.call("on_group_left", group, None, function, &old);
                }
                announced.leave()
            }
            (announced, Some(new)) => {
                let announced = match announced {
                    Some(announced) => Some(announced),
                    None => self.joined(&new),
                };
                let Some(mut announced) = announced else {
                    return;
                };
                let updates = if self.rules.borrow().allows(group) {
                    announced.update(&new)
                } else {
                    // Its servers are announced when the rules allow it again.
                    announced = Announced::without_servers(&new);
                    Vec::new()
                };
                self.announced.insert(group, announced);
                updates
            }
        };
        for update in updates {
            let (server, known) = (update.id, update.known);
            let (handler, functions) = if update.is_online {
                info!(%group, %server, name = update.name, ?known, "a server is online");
                ("on_server_online", &handlers.online)
            } else {
                info!(%group, %server, name = update.name, ?known, "a server is offline");
                ("on_server_offline", &handlers.offline)
            };
            for function in functions {
                self.call(handler, group, Some(server), function, &update);
            }
        }
    }

    /// Calls the handlers of a joined group when the group is complete or the deadline has passed.
    fn joined(&mut self, new: &Arc<GroupView>) -> Option<Announced> {
        let group = new.id();
        let timeout = self.view.subscribe_timeout().saturating_mul(2);
        let by = self.joining.entry(group).or_insert_with(|| after(timeout));
        if !new.complete && Instant::now() < *by {
            return None;
        }
        self.joining.remove(&group);
        let complete = new.complete;
        info!(%group, name = new.name(), complete, "joined a group");
        let handlers = Arc::clone(&self.handlers);
        for function in &handlers.joined {
            self.call("on_group_joined", group, None, function, new);
        }
        Some(Announced::without_servers(new))
    }

    fn call<T: Clone + Send + 'static>(
        &mut self,
        handler: &'static str,
        group: GroupId,
        server: Option<ServerId>,
        function: &Function<T>,
        with: &T,
    ) {
        let info = HandlerInfo::new(handler).group(Some(group)).server(server);
        let (function, bot, with) = (Arc::clone(function), self.bot.clone(), with.clone());
        let timeout = Some(self.calls.limits().handler_timeout);
        let call = Call::new(info, timeout, move || function(bot, with));
        self.queue.push(group, call);
    }

    fn invitations(&mut self, input: Input) {
        let rules = Arc::clone(&self.rules.borrow());
        if let Input::List(invites) = &input
            && std::mem::take(&mut self.rules_are_new)
        {
            self.warn_of_foreign_groups(&rules, invites);
        }
        for (group, call) in self.invites.take(input, &rules) {
            self.queue.push(group, call);
        }
    }

    /// Logs a warning for each group that the rules name and that the bot neither belongs to nor is invited to.
    fn warn_of_foreign_groups(&self, rules: &Rules, invites: &[InvitedGroup]) {
        for group in rules.allowed.iter().flatten().copied() {
            let is_invited = invites.iter().any(|invite| invite.id == group);
            let is_accepted = is_invited && !matches!(rules.invites, super::Invites::None);
            if !rules.allows(group) || is_accepted || self.view.group(group).is_some() {
                continue;
            }
            if self.view.server(ServerId::new(group.get())).is_some() {
                warn!(%group, "the rules contain the id of a server in place of a group's id");
            } else {
                warn!(%group, is_invited, "the rules name a group that the bot does not belong to");
            }
        }
    }

    fn console(&mut self, server: ServerId, event: RunnerEvent) {
        match event {
            RunnerEvent::Connected => self.plan.connected(server, now()),
            RunnerEvent::Disconnected => self.plan.disconnected(server, now()),
            RunnerEvent::Ended(end) => {
                debug!(%server, ?end, "a console has ended");
                self.up.remove(&server);
                self.plan.ended(server, end.into(), now());
            }
            _ => {}
        }
    }

    /// Performs the outputs of the plan.
    fn perform(&mut self) {
        for output in self.plan.take_outputs() {
            match output {
                Output::Open(server, group) => {
                    let known = self.view.server(server);
                    let info = ServerInfo {
                        name: known.map_or_else(String::new, |known| known.name.clone()),
                        group: Some(group),
                    };
                    let span = info_span!("console", %group, %server, name = info.name);
                    let (up, is_up) = watch::channel(true);
                    self.up.insert(server, up);
                    let state = ServerState {
                        is_up,
                        is_connected: self.is_connected.subscribe(),
                    };
                    let open = open(self.bot.clone(), server, info, state);
                    self.runner.open(server, Some(group), span, open);
                }
                Output::Close(server) => {
                    let by = after(self.calls.limits().grace);
                    self.runner.stop(&server, by);
                }
            }
        }
    }
}

/// Waits until the state of the main websocket changes. Returns whether it is connected.
async fn next_connected(socket: &mut Option<alta_ws::Statuses>) -> bool {
    if let Some(statuses) = socket {
        if let Some(status) = statuses.next().await {
            return status.state.is_connected();
        }
        *socket = None;
        return false;
    }
    std::future::pending().await
}

/// Logs a warning for each contradiction in the rules.
fn warn_of_rules(rules: &Rules) {
    for problem in rules.problems() {
        warn!("{problem}");
    }
    if rules.allowed.is_some() && matches!(rules.invites, super::Invites::All) {
        warn!("only invitations to the groups that the rules allow are accepted");
    }
}

/// Opens a console, or uses one that the program has opened, which is not closed at the end.
async fn open(
    bot: Bot,
    server: ServerId,
    info: ServerInfo,
    state: ServerState,
) -> Result<Opened<impl Future<Output = ()> + Send>, att_kit::End> {
    let opened = bot.open_console(server).follow(info, state).await;
    let (console, ours) = match opened {
        Ok(console) => (Ok(console), true),
        Err(error) if matches!(error.kind(), ErrorKind::AlreadyOpen(_)) => {
            (bot.console(server), false)
        }
        Err(error) => (Err(error), false),
    };
    let console = console.map_err(|error| {
        warn!(?error, "a console could not be opened");
        match error.kind() {
            ErrorKind::PermissionDenied => {
                att_kit::End::Refused(Closed::Refused(error.to_string()))
            }
            _ => att_kit::End::NotOpened,
        }
    })?;
    let closing = console.clone();
    let close = async move {
        if !ours {
            return;
        }
        if closing.status().state.is_closed() {
            // The program may have opened another one since.
            bot.inner.consoles.forget_closed(server);
        } else {
            let _ = bot.close_console(server).await;
        }
    };
    Ok(Opened { console, close })
}
