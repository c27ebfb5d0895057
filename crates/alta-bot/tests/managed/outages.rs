//! Events are numbered while servers restart and rules change: each number reaches everybody, or lies in a reported gap.

use super::support::*;
use alta_bot::{Bot, ConsoleEvents, Handlers, Limits, ManagedBot, Rules};
use alta_model::{ServerId, Timestamp};
use alta_sim::{Action, Fault, Hook, HttpReply, Sim};
use att_console::Missed;
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const EVENT: &str = "PlayerJoined";

/// What one reader got, in order.
#[derive(Clone, Default)]
struct Got(Arc<Mutex<Vec<Item>>>);

#[derive(Clone, Copy, Debug)]
enum Item {
    Number(usize),
    Gap(Timestamp, Timestamp),
}

/// An event may be on its way for so long.
const UNDER_WAY: Duration = Duration::from_millis(500);

impl Got {
    fn event(&self, data: &Value) {
        let number = usize::try_from(data["user"]["id"].as_u64().unwrap()).unwrap();
        self.0.lock().unwrap().push(Item::Number(number));
    }

    fn missed(&self, missed: &Missed) {
        let Missed::Gap { since, until } = missed else {
            panic!("{missed}");
        };
        self.0.lock().unwrap().push(Item::Gap(*since, *until));
    }

    fn has(&self, wanted: usize) -> bool {
        let items = self.0.lock().unwrap();
        let mut items = items.iter();
        items.any(|item| matches!(item, Item::Number(number) if *number == wanted))
    }

    fn gaps(&self) -> usize {
        let items = self.0.lock().unwrap();
        let gaps = items.iter().filter(|item| matches!(item, Item::Gap(..)));
        gaps.count()
    }

    /// From the first number on, each came once and in order, or it is missing between two others where a gap stands that
    /// covers the time when it happened.
    fn is_honest(&self, who: &str, happened: &[Timestamp]) {
        let items = self.0.lock().unwrap().clone();
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
                        let is_told = gaps.iter().any(|(since, until)| {
                            since.saturating_duration_since(*at) < UNDER_WAY && at <= until
                        });
                        assert!(is_told, "{who}: {lost} is lost in silence: {items:?}");
                    }
                    last = Some(number);
                    gaps.clear();
                }
            }
        }
        assert_eq!(last, happened.len().checked_sub(1), "{who}: {items:?}");
    }
}

/// A town in which something happens all the time, and a bot that listens to it in every way.
struct Town {
    sim: Sim,
    bot: ManagedBot,
    happened: Vec<Timestamp>,
    handlers: Got,
    stream: Got,
}

impl Town {
    async fn new(rules: Rules) -> Self {
        Self::of(Sim::builder().start().await.unwrap(), rules).await
    }

    async fn of(sim: Sim, rules: Rules) -> Self {
        let [handlers, stream] = [Got::default(), Got::default()];
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
        let happened = Vec::new();
        let mut town = Self {
            sim,
            bot,
            happened,
            handlers,
            stream,
        };
        town.until_heard().await;
        town
    }

    /// The next number. Nobody is another's player, so handlers keep them in order only if nothing is slow.
    fn happens(&mut self) -> usize {
        let number = self.happened.len();
        self.happened.push(Timestamp::now());
        let user = json!({"user": {"id": number, "username": "Ashwick"}});
        self.sim.emit_console_event(self.sim.server(), EVENT, user);
        number
    }

    /// Lets something happen until it is heard by everybody.
    async fn until_heard(&mut self) {
        for _ in 0..2_000 {
            let number = self.happens();
            tokio::time::sleep(Duration::from_millis(3)).await;
            if self.handlers.has(number) && self.stream.has(number) {
                return;
            }
        }
        panic!("nobody hears it");
    }

    /// Lets something happen until that is so.
    async fn until(&mut self, what: &str, holds: impl Fn(&Bot, &Sim) -> bool) {
        for _ in 0..2_000 {
            self.happens();
            if holds(self.bot.bot(), &self.sim) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        panic!("never: {what}");
    }

    fn is_honest(&self) {
        self.handlers.is_honest("handlers", &self.happened);
        self.stream.is_honest("a stream of the bot", &self.happened);
    }
}

async fn listen(mut events: ConsoleEvents<Value, ServerId>, got: Got) {
    while let Some((_, item)) = events.next().await {
        match item {
            Ok(event) => got.event(&event.data),
            Err(missed) => got.missed(&missed),
        }
    }
}

#[tokio::test]
async fn a_restart_is_one_gap_in_handlers_streams_and_health() {
    let mut town = Town::new(Rules::default()).await;
    for restart in 1..=3 {
        let server = town.sim.server();
        town.sim.stop_server(server).await.unwrap();
        let view = town.bot.view().clone();
        let is_up = move || view.server(server_id(server)).unwrap().is_online;
        town.until("offline", |_, _| !is_up()).await;
        town.sim.start_server(server).unwrap();
        town.until_heard().await;
        assert_eq!(town.handlers.gaps(), restart);
        assert_eq!(town.stream.gaps(), restart);
        assert_eq!(
            usize::try_from(town.bot.health().totals.missed).unwrap(),
            restart
        );
    }
    town.is_honest();
}

#[tokio::test]
async fn a_restart_that_no_event_tells_of_is_one_gap() {
    let mut town = Town::new(Rules::default()).await;
    let refuse = Action::Reply(HttpReply::status(503));
    let refuse = Fault::new(Hook::MainUpgrade, refuse).times(u32::MAX);
    town.sim.faults().arm(refuse);
    town.sim.drop_main_sockets();
    let connected = |bot: &Bot, _: &Sim| bot.socket().unwrap().status().state.is_connected();
    town.until("the main websocket is lost", |bot, sim| {
        !connected(bot, sim)
    })
    .await;
    let server = town.sim.server();
    town.sim.stop_server(server).await.unwrap();
    let view = town.bot.view().clone();
    let is_up = move || view.server(server_id(server)).unwrap().is_online;
    town.until("offline", |_, _| !is_up()).await;
    town.sim.start_server(server).unwrap();
    town.until_heard().await;
    assert_eq!((town.handlers.gaps(), town.stream.gaps()), (1, 1));
    town.is_honest();
}

#[tokio::test]
async fn a_restart_behind_a_half_open_main_websocket_is_one_gap() {
    let mut town = Town::new(Rules::default()).await;
    let silence = Fault::new(Hook::MainUpgrade, Action::Silence);
    town.sim.faults().arm(silence.times(u32::MAX));
    town.sim.silence_main_sockets();
    let server = town.sim.server();
    town.sim.stop_server(server).await.unwrap();
    let view = town.bot.view().clone();
    let is_up = move || view.server(server_id(server)).unwrap().is_online;
    town.until("the console tells", |_, _| !is_up()).await;
    town.sim.start_server(server).unwrap();
    town.until_heard().await;
    assert_eq!((town.handlers.gaps(), town.stream.gaps()), (1, 1));
    town.is_honest();
}

#[tokio::test]
async fn a_console_that_the_rules_close_and_open_again_leaves_one_gap() {
    let mut town = Town::new(Rules::default()).await;
    let group = group(&town.sim);
    for change in 1..=3 {
        town.bot.change_rules(|rules| rules.deny(group));
        let closed = |bot: &Bot, _: &Sim| bot.consoles().is_empty();
        town.until("closed", closed).await;
        town.bot.change_rules(|rules| rules.allow(group));
        town.until_heard().await;
        assert_eq!(town.handlers.gaps(), change);
        assert_eq!(town.stream.gaps(), change);
    }
    town.is_honest();
}

#[tokio::test]
async fn a_role_that_comes_back_and_an_empty_server_that_fills_leave_a_gap() {
    let rules = Rules::default().leave_empty_after(Duration::from_millis(1));
    let sim = Sim::builder().start().await.unwrap();
    let player = sim.player_joins(sim.server(), "Birch").unwrap();
    let mut town = Town::of(sim, rules).await;
    let closed = |bot: &Bot, _: &Sim| bot.consoles().is_empty();
    let server = town.sim.server();
    town.sim.player_leaves(server, player).unwrap();
    town.sim.status(server);
    town.until("closed, since it is empty", closed).await;
    town.sim.player_joins(server, "Birch").unwrap();
    town.sim.status(server);
    town.until_heard().await;
    assert_eq!((town.handlers.gaps(), town.stream.gaps()), (1, 1));

    let me = town.sim.bot().user_id;
    town.sim.set_role(town.sim.group(), me, 1).unwrap();
    town.until("closed, since the role forbids it", closed)
        .await;
    town.sim.set_role(town.sim.group(), me, 2).unwrap();
    town.until_heard().await;
    assert_eq!((town.handlers.gaps(), town.stream.gaps()), (2, 2));
    town.is_honest();
}

#[tokio::test]
async fn a_console_that_is_closed_by_hand_and_opened_again_leaves_a_gap_in_the_bots_streams() {
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
    // It is read only after the new console has brought more.
    until("it came", || console.status().totals.events == 1).await;
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
    // The second is of the same player as the first, and waits for it.
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
async fn a_console_that_is_closed_while_its_server_sleeps_leaves_one_gap_in_handlers() {
    let mut town = Town::new(Rules::default()).await;
    let server = town.sim.server();
    town.sim.stop_server(server).await.unwrap();
    let group = group(&town.sim);
    let health = |town: &Town| town.bot.health();
    let lost = |town: &Town| health(town).consoles.iter().all(|it| !it.is_connected());
    for _ in 0..2_000 {
        if lost(&town) {
            break;
        }
        town.happens();
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    town.bot.change_rules(|rules| rules.deny(group));
    let closed = |bot: &Bot, _: &Sim| bot.consoles().is_empty();
    town.until("closed", closed).await;
    town.sim.start_server(server).unwrap();
    town.bot.change_rules(|rules| rules.allow(group));
    town.until_heard().await;
    assert_eq!((town.handlers.gaps(), town.stream.gaps()), (1, 1));
    town.is_honest();
}

#[tokio::test]
async fn a_stream_whose_console_is_closed_in_a_gap_tells_of_it_in_the_end() {
    let sim = Sim::builder().start().await.unwrap();
    let bot = within(builder(&sim).connect()).await.unwrap();
    let server = server_id(sim.server());
    let console = within(bot.open_console(server).ensure_open(TEST_TIMEOUT)).await;
    let console = console.unwrap();
    let mut events = within(bot.subscribe_to([EVENT])).await.unwrap();
    sim.stop_server(sim.server()).await.unwrap();
    until("it is lost", || !console.status().state.is_connected()).await;
    within(bot.close_console(server)).await.unwrap();
    assert!(events.next().now_or_never().is_none(), "it goes on");
    let [(interrupted, since)] = events.interruptions()[..] else {
        panic!("{:?}", events.interruptions());
    };
    assert_eq!(interrupted, server);
    assert!(!events.is_live());
    within(bot.close()).await;
    let missed = within(events.next()).await.unwrap().1.unwrap_err();
    let Missed::Gap { since: told, until } = missed else {
        panic!("{missed}");
    };
    let difference = told.max(since).saturating_duration_since(told.min(since));
    assert!(
        difference < UNDER_WAY && told < until,
        "{since}: {told} {until}"
    );
    assert!(within(events.next()).await.is_none());
}
