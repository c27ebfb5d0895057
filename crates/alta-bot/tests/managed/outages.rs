//! Numbered events while servers restart and rules change: each number reaches every reader, or lies in a reported gap.

use super::support::*;
use alta_bot::{ConsoleEvents, Handlers, Limits, ManagedBot, Rules};
use alta_model::{ServerId, Timestamp};
use alta_sim::{Action, Fault, Hook, HttpReply, Sim};
use att_console::Missed;
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const EVENT: &str = "PlayerJoined";

/// The items that one reader has received, in order.
#[derive(Clone, Default)]
struct Received(Arc<watch::Sender<Vec<Item>>>);

#[derive(Clone, Copy, Debug)]
enum Item {
    Number(usize),
    Gap(Timestamp, Timestamp),
}

/// The longest time from an event on the server to its arrival.
const UNDER_WAY: Duration = Duration::from_millis(500);

impl Received {
    fn event(&self, data: &Value) {
        let number = usize::try_from(data["user"]["id"].as_u64().unwrap()).unwrap();
        self.0.send_modify(|items| items.push(Item::Number(number)));
    }

    fn missed(&self, missed: &Missed) {
        let Missed::Gap { since, until } = missed else {
            panic!("{missed}");
        };
        self.0
            .send_modify(|items| items.push(Item::Gap(*since, *until)));
    }

    /// Waits until this number or a later one is received.
    async fn wait_for(&self, wanted: usize) {
        let reached = |item: &Item| matches!(item, Item::Number(number) if *number >= wanted);
        let mut items = self.0.subscribe();
        let _ = items.wait_for(|items| items.iter().any(reached)).await;
    }

    fn gaps(&self) -> usize {
        let items = self.0.borrow();
        let gaps = items.iter().filter(|item| matches!(item, Item::Gap(..)));
        gaps.count()
    }

    /// Checks that from the first number on, each was received once and in order, or lies in a gap that contains its time.
    fn check(&self, who: &str, happened: &[Timestamp]) {
        let items = self.0.borrow().clone();
        let mut last = None;
        let mut gaps: Vec<(Timestamp, Timestamp)> = Vec::new();
        for item in &items {
            match *item {
                Item::Gap(since, until) => gaps.push((since, until)),
                Item::Number(number) => {
                    let expected = last.map_or(number, |last| last + 1);
                    assert!(number >= expected, "{who}: {number} again: {items:?}");
                    let lost = happened.iter().enumerate().take(number);
                    for (lost, at) in lost.skip(expected) {
                        let is_in_gap = gaps.iter().any(|(since, until)| {
                            since.saturating_duration_since(*at) < UNDER_WAY && at <= until
                        });
                        assert!(is_in_gap, "{who}: {lost} is in no gap: {items:?}");
                    }
                    last = Some(number);
                    gaps.clear();
                }
            }
        }
        assert_eq!(last, happened.len().checked_sub(1), "{who}: {items:?}");
    }
}

/// A town that sends numbered events, and a bot that reads them by handlers and by a stream.
struct Town {
    sim: Sim,
    bot: ManagedBot,
    sent: Vec<Timestamp>,
    handlers: Received,
    stream: Received,
}

impl Town {
    async fn new(rules: Rules) -> Self {
        Self::of(Sim::builder().start().await.unwrap(), rules).await
    }

    async fn of(sim: Sim, rules: Rules) -> Self {
        let [handlers, stream] = [Received::default(), Received::default()];
        let (events, missed) = (handlers.clone(), handlers.clone());
        let bot = managed(&sim).rules(rules).handlers(
            Handlers::new()
                .on_any([EVENT], move |_, event| {
                    events.event(&event.data);
                    std::future::ready(())
                })
                .on_missed(move |_, item| {
                    missed.missed(&item);
                    std::future::ready(())
                }),
        );
        let bot = start(bot).await;
        let listening = within(bot.bot().subscribe_to([EVENT])).await;
        tokio::spawn(listen(listening.unwrap(), stream.clone()));
        let mut town = Self {
            sim,
            bot,
            sent: Vec::new(),
            handlers,
            stream,
        };
        town.until_received().await;
        town
    }

    /// Sends the next number. Each has a player of its own, so handlers keep the order only if none is slow.
    fn send(&mut self) -> usize {
        let number = self.sent.len();
        self.sent.push(Timestamp::now());
        let user = json!({"user": {"id": number, "username": "Ashwick"}});
        self.sim.emit_console_event(self.sim.server(), EVENT, user);
        number
    }

    /// Sends numbers until the handlers and the stream have received one.
    async fn until_received(&mut self) {
        let (handlers, stream) = (self.handlers.clone(), self.stream.clone());
        let first = self.sent.len();
        self.send_until(async {
            tokio::join!(handlers.wait_for(first), stream.wait_for(first));
        })
        .await;
        let last = self.sent.len() - 1;
        within(async { tokio::join!(handlers.wait_for(last), stream.wait_for(last)) }).await;
    }

    /// Sends numbers until this future is ready.
    async fn send_until(&mut self, future: impl Future<Output = ()>) {
        let mut future = pin!(within(future));
        loop {
            tokio::select! {
                () = &mut future => return,
                () = tokio::time::sleep(Duration::from_millis(3)) => {
                    self.send();
                }
            }
        }
    }

    /// Sends numbers until the view shows the server as offline.
    async fn until_offline(&mut self) {
        let (view, server) = (self.bot.view().clone(), server_id(self.sim.server()));
        self.send_until(async {
            let mut changes = view.changes();
            while view.server(server).unwrap().is_online {
                let _ = changes.next().await;
            }
        })
        .await;
    }

    /// Sends numbers until the bot has closed its console.
    async fn until_closed(&mut self) {
        self.until_console(|status| status.state.is_closed()).await;
        assert!(self.bot.bot().consoles().is_empty());
    }

    /// Sends numbers until the status of the console satisfies this, or the console is gone.
    async fn until_console(&mut self, holds: impl Fn(&att_console::Status) -> bool) {
        let Some((_, console)) = self.bot.bot().consoles().pop() else {
            return;
        };
        self.send_until(async {
            let mut statuses = console.statuses();
            while !holds(&console.status()) && statuses.next().await.is_some() {}
        })
        .await;
    }

    fn check(&self) {
        self.handlers.check("handlers", &self.sent);
        self.stream.check("a stream of the bot", &self.sent);
    }
}

async fn listen(mut events: ConsoleEvents<Value, ServerId>, received: Received) {
    while let Some((_, item)) = events.next().await {
        match item {
            Ok(event) => received.event(&event.data),
            Err(missed) => received.missed(&missed),
        }
    }
}

#[tokio::test]
async fn a_restart_is_one_gap_in_handlers_streams_and_health() {
    let mut town = Town::new(Rules::default()).await;
    for restart in 1..=3 {
        let server = town.sim.server();
        town.sim.stop_server(server).await.unwrap();
        town.until_offline().await;
        town.sim.start_server(server).unwrap();
        town.until_received().await;
        assert_eq!(town.handlers.gaps(), restart);
        assert_eq!(town.stream.gaps(), restart);
        assert_eq!(
            usize::try_from(town.bot.health().totals.missed).unwrap(),
            restart
        );
    }
    town.check();
}

#[tokio::test]
async fn a_restart_without_events_of_it_is_one_gap() {
    let mut town = Town::new(Rules::default()).await;
    let refuse = Action::Reply(HttpReply::status(503));
    let refuse = Fault::new(Hook::MainUpgrade, refuse).times(u32::MAX);
    town.sim.faults().arm(refuse);
    town.sim.drop_main_sockets();
    let mut statuses = town.bot.bot().socket().unwrap().statuses();
    town.send_until(async {
        let lost = statuses.wait_for(|status| !status.state.is_connected());
        let _ = lost.await;
    })
    .await;
    let server = town.sim.server();
    town.sim.stop_server(server).await.unwrap();
    town.until_offline().await;
    town.sim.start_server(server).unwrap();
    town.until_received().await;
    assert_eq!((town.handlers.gaps(), town.stream.gaps()), (1, 1));
    town.check();
}

#[tokio::test]
async fn a_restart_behind_a_half_open_main_websocket_is_one_gap() {
    let mut town = Town::new(Rules::default()).await;
    let silence = Fault::new(Hook::MainUpgrade, Action::Silence);
    town.sim.faults().arm(silence.times(u32::MAX));
    town.sim.silence_main_sockets();
    let server = town.sim.server();
    town.sim.stop_server(server).await.unwrap();
    town.until_offline().await;
    town.sim.start_server(server).unwrap();
    town.until_received().await;
    assert_eq!((town.handlers.gaps(), town.stream.gaps()), (1, 1));
    town.check();
}

#[tokio::test]
async fn a_console_that_the_rules_close_and_open_again_leaves_one_gap() {
    let mut town = Town::new(Rules::default()).await;
    let group = group(&town.sim);
    for change in 1..=3 {
        town.bot.change_rules(|rules| rules.deny(group));
        town.until_closed().await;
        town.bot.change_rules(|rules| rules.allow(group));
        town.until_received().await;
        assert_eq!(town.handlers.gaps(), change);
        assert_eq!(town.stream.gaps(), change);
    }
    town.check();
}

#[tokio::test]
async fn a_role_that_is_given_back_and_an_empty_server_that_fills_leave_one_gap_each() {
    let rules = Rules::default().leave_empty_after(Duration::from_millis(1));
    let sim = Sim::builder().start().await.unwrap();
    let player = sim.player_joins(sim.server(), "Birch").unwrap();
    let mut town = Town::of(sim, rules).await;
    let server = town.sim.server();
    town.sim.player_leaves(server, player).unwrap();
    town.sim.status(server);
    town.until_closed().await;
    town.sim.player_joins(server, "Birch").unwrap();
    town.sim.status(server);
    town.until_received().await;
    assert_eq!((town.handlers.gaps(), town.stream.gaps()), (1, 1));

    let me = town.sim.bot().user_id;
    town.sim.set_role(town.sim.group(), me, 1).unwrap();
    town.until_closed().await;
    town.sim.set_role(town.sim.group(), me, 2).unwrap();
    town.until_received().await;
    assert_eq!((town.handlers.gaps(), town.stream.gaps()), (2, 2));
    town.check();
}

#[tokio::test]
async fn a_console_that_the_program_closes_and_opens_again_leaves_a_gap_in_the_bots_streams() {
    let sim = Sim::builder().start().await.unwrap();
    let bot = within(builder(&sim).connect()).await.unwrap();
    let server = server_id(sim.server());
    let open = || async {
        within(bot.open_console(server).ensure_open(TEST_TIMEOUT))
            .await
            .unwrap()
    };
    let joins = |number: u64| {
        let user = json!({"user": {"id": number, "username": "Ashwick"}});
        sim.emit_console_event(sim.server(), EVENT, user);
    };
    let console = open().await;
    let mut events = within(bot.subscribe_to([EVENT])).await.unwrap();
    joins(0);
    // The stream is read only after the new console has received more.
    until("it is received", || console.status().totals.events == 1).await;
    let before = Timestamp::now();
    within(bot.close_console(server)).await.unwrap();
    assert_eq!(events.interruptions().len(), 1);
    assert!(!events.is_live());
    sim.wait_for_consoles(sim.server(), 0).await.unwrap();
    joins(1);
    open().await;
    sim.wait_for_console_subscription(sim.server(), EVENT)
        .await
        .unwrap();
    joins(2);
    let mut number = async || match within(events.next()).await.unwrap().1 {
        Ok(event) => event.data["user"]["id"].as_u64().unwrap(),
        Err(missed) => panic!("{missed}"),
    };
    assert_eq!(number().await, 0);
    let missed = within(events.next()).await.unwrap().1.unwrap_err();
    let Missed::Gap { since, until } = missed else {
        panic!("{missed}");
    };
    assert!(since <= before && before <= until, "{missed}");
    assert!(events.interruptions().is_empty() && events.is_live());
    let second = within(events.next()).await.unwrap().1.unwrap();
    assert_eq!(second.data["user"]["id"], 2);
}

#[tokio::test]
async fn events_that_wait_for_slow_handlers_when_a_console_is_closed_lie_in_the_gap() {
    let sim = Sim::builder().start().await.unwrap();
    let (notes, mut noted) = notes();
    let missed = notes.clone();
    let limits = Limits::default().grace(Duration::from_millis(20));
    let bot = managed(&sim).limits(limits).handlers(
        Handlers::new()
            .on_any([EVENT], move |_, event| {
                let notes = notes.clone();
                async move {
                    let number = event.data["number"].as_u64().unwrap();
                    notes.note(number);
                    if number == 0 {
                        std::future::pending::<()>().await;
                    }
                }
            })
            .on_missed(move |_, item| {
                let Missed::Gap { since, until } = item else {
                    panic!("{item}");
                };
                missed.note(format!("{since} {until}"));
                std::future::ready(())
            }),
    );
    let bot = start(bot).await;
    sim.wait_for_console_subscription(sim.server(), EVENT)
        .await
        .unwrap();
    // The second event is of the same player as the first, so its handler waits for that of the first.
    let happens = |player: u64, number: u64| {
        let user = json!({"user": {"id": player, "username": "Ashwick"}, "number": number});
        sim.emit_console_event(sim.server(), EVENT, user);
        Timestamp::now()
    };
    happens(1, 0);
    noted.next_are(&["0"]).await;
    let lost = happens(1, 1);
    until("it waits", || bot.health().totals.events == 2).await;
    let read = Timestamp::now();
    happens(2, 2);
    noted.next_are(&["2"]).await;
    bot.change_rules(|rules| rules.deny(group(&sim)));
    until("closed", || bot.consoles().is_empty()).await;
    bot.change_rules(|rules| rules.allow(group(&sim)));
    let gap = noted.next().await;
    let (since, until) = gap.split_once(' ').unwrap();
    let [since, until]: [Timestamp; 2] = [since, until].map(|at| at.parse().unwrap());
    assert!(since <= read && lost <= until, "{lost} {read}: {gap}");
}

#[tokio::test]
async fn a_console_that_is_closed_while_its_server_is_stopped_leaves_one_gap_in_handlers() {
    let mut town = Town::new(Rules::default()).await;
    let server = town.sim.server();
    town.sim.stop_server(server).await.unwrap();
    let group = group(&town.sim);
    town.until_console(|status| !status.state.is_connected())
        .await;
    town.bot.change_rules(|rules| rules.deny(group));
    town.until_closed().await;
    town.sim.start_server(server).unwrap();
    town.bot.change_rules(|rules| rules.allow(group));
    town.until_received().await;
    assert_eq!((town.handlers.gaps(), town.stream.gaps()), (1, 1));
    town.check();
}

#[tokio::test]
async fn a_stream_whose_console_is_closed_in_a_gap_yields_the_gap_at_its_end() {
    let sim = Sim::builder().start().await.unwrap();
    let bot = within(builder(&sim).connect()).await.unwrap();
    let server = server_id(sim.server());
    let console = within(bot.open_console(server).ensure_open(TEST_TIMEOUT)).await;
    let console = console.unwrap();
    let mut events = within(bot.subscribe_to([EVENT])).await.unwrap();
    sim.stop_server(sim.server()).await.unwrap();
    until("it is lost", || !console.status().state.is_connected()).await;
    within(bot.close_console(server)).await.unwrap();
    assert!(
        events.next().now_or_never().is_none(),
        "the stream continues"
    );
    let [(interrupted, since)] = events.interruptions()[..] else {
        panic!("{:?}", events.interruptions());
    };
    assert_eq!(interrupted, server);
    assert!(!events.is_live());
    within(bot.close()).await;
    let missed = within(events.next()).await.unwrap().1.unwrap_err();
    let Missed::Gap {
        since: begin,
        until,
    } = missed
    else {
        panic!("{missed}");
    };
    let difference = begin.max(since).saturating_duration_since(begin.min(since));
    assert!(
        difference < UNDER_WAY && begin < until,
        "{since}: {begin} {until}"
    );
    assert!(within(events.next()).await.is_none());
}
