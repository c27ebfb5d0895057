//! The task of a managed bot: the driver of the plan.

use super::group_handlers::{Function, GroupHandlers};
use super::health::Sources;
use super::invites::Invites;
use super::plan::{Output, Plan};
use super::rules::Rules;
use super::told::Told;
use crate::bot::Bot;
use crate::error::ErrorKind;
use crate::invitations::Mail;
use crate::patient_access::Watched;
use crate::time::{after, now, sleep_until};
use crate::view::{Changes, GroupView, View};
use crate::watch_server::About;
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
    told: BTreeMap<GroupId, Told>,
    /// Groups that were joined and are not complete yet, with the deadline of the wait.
    joining: BTreeMap<GroupId, Instant>,
    /// Groups with pending handler calls, waiting for queue capacity. A change that is undone meanwhile causes no call.
    untold: BTreeSet<GroupId>,
    /// For each open console, whether its server runs.
    up: BTreeMap<ServerId, watch::Sender<bool>>,
    /// Whether the main websocket is connected, so that the start of a server is noticed.
    hears: watch::Sender<bool>,
    /// Whether the groups that the rules name must be compared with the groups of the bot.
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
        // What the bot belongs to at the start was not joined just now; but its servers are told of.
        let told = view.groups().into_iter();
        let told = told.map(|group| (group.id(), Told::nothing_of(&group)));
        Self {
            changes,
            rules,
            invites,
            plan: Plan::new(opening),
            runner: Runner::manual(consoles, calls.clone()),
            queue: HandlerQueue::new(&calls, calls.limits().handlers),
            told: told.collect(),
            joining: BTreeMap::new(),
            untold: BTreeSet::new(),
            up: BTreeMap::new(),
            hears: watch::Sender::new(false),
            rules_are_new: true,
            bot,
            view,
            calls,
            handlers,
        }
    }

    /// Runs until a stop is requested or the bot is closed; then handlers may finish. Returns how many calls of handlers were
    /// given up.
    pub(crate) async fn run(
        mut self,
        shutdown: Shutdown,
        mut stop: watch::Receiver<StopBy>,
    ) -> usize {
        self.look_at_all();
        warn_of_rules(&self.rules.borrow());
        let grace = self.calls.limits().grace;
        let mut socket = self.bot.socket().ok().map(alta_ws::Client::statuses);
        let by = loop {
            self.perform();
            self.tell();
            let deadline = self.plan.deadline();
            let joined = self.joining.values().min().copied();
            tokio::select! {
                by = stop_requested(&mut stop) => break by,
                () = shutdown.requested() => break Instant::now(),
                change = self.changes.next() => match change {
                    Some(Ok(change)) => self.look_at(change.group()),
                    Some(Err(_)) => self.look_at_all(),
                    None => break after(grace),
                },
                Ok(()) = self.rules.changed() => {
                    self.rules_are_new = true;
                    warn_of_rules(&self.rules.borrow_and_update());
                    self.look_at_all();
                    self.invites.list();
                }
                mail = self.invites.next(), if !self.queue.is_full() => {
                    if matches!(mail, Mail::End) {
                        break after(grace);
                    }
                    self.mail(mail);
                }
                (server, event) = self.runner.next() => self.console(server, event),
                hears = next_connected(&mut socket) => {
                    self.hears.send_if_modified(|now| std::mem::replace(now, hears) != hears);
                }
                () = self.queue.progress() => {}
                () = sleep_until(deadline) => self.plan.tick(now()),
                () = sleep_until(joined), if !self.queue.is_full() => self.untold.extend(self.joining.keys()),
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

    fn look_at_all(&mut self) {
        let groups = self.view.groups().into_iter().map(|group| group.id());
        let groups: BTreeSet<_> = groups.chain(self.told.keys().copied()).collect();
        for group in groups {
            self.look_at(group);
        }
    }

    /// Passes a group to the plan.
    fn look_at(&mut self, group: GroupId) {
        let view = self.view.group(group);
        let rules = Arc::clone(&self.rules.borrow());
        self.plan.look(group, view.as_deref(), &rules, now());
        if let Some(view) = view {
            self.tell_consoles(&view);
        }
        self.untold.insert(group);
    }

    /// Passes the states and the names of servers to their open consoles: the event of a rename can be missed while the main
    /// websocket is not connected; the view is read again after that.
    fn tell_consoles(&self, group: &GroupView) {
        for server in group.servers.values() {
            self.bot.inner.consoles.rename(server.id, &server.name);
            if let Some(up) = self.up.get(&server.id) {
                let is_up = server.is_online || server.known.is_none();
                up.send_if_modified(|up| std::mem::replace(up, is_up) != *up);
            }
        }
    }

    fn tell(&mut self) {
        while !self.queue.is_full() {
            let Some(group) = self.untold.pop_first() else {
                return;
            };
            self.tell_of(group);
        }
    }

    /// Compares a group with its last state, and calls handlers.
    fn tell_of(&mut self, group: GroupId) {
        let handlers = Arc::clone(&self.handlers);
        let news = match (self.told.remove(&group), self.view.group(group)) {
            (None, None) => {
                self.joining.remove(&group);
                return;
            }
            (Some(told), None) => {
                let old = Arc::clone(&told.group);
                info!(%group, name = old.name(), "left a group");
                for function in &handlers.left {
                    self.call("on_group_left", group, None, function, &old);
                }
                told.end()
            }
            (told, Some(new)) => {
                let told = match told {
                    Some(told) => Some(told),
                    None => self.joined(&new),
                };
                let Some(mut told) = told else { return };
                let news = if self.rules.borrow().allows(group) {
                    told.look(&new)
                } else {
                    // Its servers are told of when it is allowed again.
                    told = Told::nothing_of(&new);
                    Vec::new()
                };
                self.told.insert(group, told);
                news
            }
        };
        for news in news {
            let (server, known) = (news.id, news.known);
            let (handler, functions) = if news.is_online {
                info!(%group, %server, name = news.name, ?known, "a server is online");
                ("on_server_online", &handlers.online)
            } else {
                info!(%group, %server, name = news.name, ?known, "a server is offline");
                ("on_server_offline", &handlers.offline)
            };
            for function in functions {
                self.call(handler, group, Some(server), function, &news);
            }
        }
    }

    /// Calls the handlers of a joined group when the group is complete or the deadline has passed.
    fn joined(&mut self, new: &Arc<GroupView>) -> Option<Told> {
        let group = new.id();
        let patience = self.view.patience().saturating_mul(2);
        let by = self.joining.entry(group).or_insert_with(|| after(patience));
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
        Some(Told::nothing_of(new))
    }

    fn call<T: Clone + Send + 'static>(
        &mut self,
        handler: &'static str,
        group: GroupId,
        server: Option<ServerId>,
        function: &Function<T>,
        with: &T,
    ) {
        let about = HandlerInfo::new(handler).group(Some(group)).server(server);
        let (function, bot, with) = (Arc::clone(function), self.bot.clone(), with.clone());
        let timeout = Some(self.calls.limits().handler_timeout);
        let call = Call::new(about, timeout, move || function(bot, with));
        self.queue.push(group, call);
    }

    fn mail(&mut self, mail: Mail) {
        let rules = Arc::clone(&self.rules.borrow());
        if let Mail::List(invites) = &mail
            && std::mem::take(&mut self.rules_are_new)
        {
            self.warn_of_strangers(&rules, invites);
        }
        for (group, call) in self.invites.take(mail, &rules) {
            self.queue.push(group, call);
        }
    }

    /// Logs a warning for each group that the rules name and that the bot neither belongs to nor is invited to.
    fn warn_of_strangers(&self, rules: &Rules, invites: &[InvitedGroup]) {
        for group in rules.allowed.iter().flatten().copied() {
            let is_invited = invites.iter().any(|invite| invite.id == group);
            let is_accepted = is_invited && !matches!(rules.invites, super::Invites::None);
            if !rules.allows(group) || is_accepted || self.view.group(group).is_some() {
                continue;
            }
            if self.view.server(ServerId::new(group.get())).is_some() {
                warn!(%group, "the rules name a group that is none: it is the id of a server");
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
                    let about = About {
                        name: known.map_or_else(String::new, |known| known.name.clone()),
                        group: Some(group),
                    };
                    let span = info_span!("console", %group, %server, name = about.name);
                    let (up, is_up) = watch::channel(true);
                    self.up.insert(server, up);
                    let hears = self.hears.subscribe();
                    let watched = Watched { is_up, hears };
                    let open = open(self.bot.clone(), server, about, watched);
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

/// Whether the main websocket is connected, when its state changes.
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

/// Logs a warning for rules that limit each other.
fn warn_of_rules(rules: &Rules) {
    for problem in rules.problems() {
        warn!("{problem}");
    }
    if rules.allowed.is_some() && matches!(rules.invites, super::Invites::All) {
        warn!("invitations are accepted to the groups that the rules name, and to no others");
    }
}

/// Opens a console of the bot, or uses one that the program has opened; that one is not closed at the end.
async fn open(
    bot: Bot,
    server: ServerId,
    about: About,
    watched: Watched,
) -> Result<Opened<impl Future<Output = ()> + Send>, att_kit::End> {
    let opened = bot.open_console(server).watched(about, watched).await;
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
