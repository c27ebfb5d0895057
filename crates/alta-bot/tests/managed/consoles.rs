use super::support::*;
use alta_bot::{Handlers, Invites, Rules};
use alta_model::{Fleet, MemberType};
use alta_sim::{Action, ClientAction, Fault, Hook, HttpReply, Sim};
use std::collections::BTreeSet;
use std::time::Duration;

#[tokio::test]
async fn an_invitation_is_accepted_and_the_console_opens_when_the_role_permits_it() {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let (notes, mut noted) = notes();
    let (invited, joined) = (notes.clone(), notes.clone());
    let bot = managed(&sim)
        .accept_invites(Invites::All)
        .on_invite(move |_, invitation| {
            let notes = invited.clone();
            async move { notes.note(format!("invite {}", invitation.accepted)) }
        })
        .on_group_joined(move |_, group| {
            let notes = joined.clone();
            async move { notes.note(format!("joined {}", group.name())) }
        })
        .handlers(Handlers::new().on_session(move |console| {
            let notes = notes.clone();
            async move { notes.note(format!("console {}", console.label())) }
        }));
    let bot = start(bot).await;
    let mut first = [noted.next().await, noted.next().await];
    first.sort();
    assert_eq!(first, ["invite true", "joined Thornwood Folk"]);
    let member = bot.view().group(group(&sim)).unwrap().me.clone();
    assert_eq!(member.r#type, Some(MemberType::Accepted));
    within(bot.view().complete()).await.unwrap();
    assert!(
        bot.consoles().is_empty(),
        "a member may not use the console"
    );

    let me = sim.bot().user_id;
    sim.set_role(sim.group(), me, 2).unwrap();
    noted.next_are(&["console Thornwood"]).await;
    sim.wait_for_consoles(sim.server(), 1).await.unwrap();

    sim.set_role(sim.group(), me, 1).unwrap();
    sim.wait_for_consoles(sim.server(), 0).await.unwrap();
    until("the console is gone", || bot.consoles().is_empty()).await;

    sim.set_role(sim.group(), me, 2).unwrap();
    noted.next_are(&["console Thornwood"]).await;
    within(bot.shutdown(TEST_TIMEOUT)).await;
}

#[tokio::test]
async fn consoles_wait_for_servers_that_stop_and_start() {
    let sim = Sim::builder().start().await.unwrap();
    let (notes, mut noted) = notes();
    let bot = managed(&sim)
        .on_server_online(note_server(&notes, "up"))
        .on_server_offline(note_server(&notes, "down"));
    let bot = start(bot).await;
    noted.next_are(&["up Thornwood"]).await;
    sim.wait_for_consoles(sim.server(), 1).await.unwrap();

    sim.stop_server(sim.server()).await.unwrap();
    noted.next_are(&["down Thornwood"]).await;
    let asleep = || {
        let health = bot.health();
        health.consoles.len() == 1
            && health.is_connected()
            && !health.consoles[0].is_expected()
            && !health.consoles[0].is_connected()
    };
    until("the console waits", asleep).await;

    sim.start_server(sim.server()).unwrap();
    noted.next_are(&["up Thornwood"]).await;
    sim.wait_for_consoles(sim.server(), 1).await.unwrap();

    let second = sim.add_server(sim.group(), "Hollow").unwrap();
    sim.start_server(second).unwrap();
    noted.next_are(&["up Hollow"]).await;
    sim.wait_for_consoles(second, 1).await.unwrap();
    sim.remove_server(second).await.unwrap();
    noted.next_are(&["down Hollow"]).await;
    until("one console", || bot.consoles().len() == 1).await;

    sim.kick_bot(sim.group()).unwrap();
    sim.wait_for_consoles(sim.server(), 0).await.unwrap();
    noted.next_are(&["down Thornwood"]).await;
    until("no group", || bot.view().groups().is_empty()).await;
    until("no console", || bot.consoles().is_empty()).await;
}

#[tokio::test]
async fn the_console_of_a_server_that_cannot_be_read_opens_after_a_status_event() {
    let sim = Sim::builder().server_online(false).start().await.unwrap();
    let (notes, mut noted) = notes();
    let bot = managed(&sim).handlers(Handlers::new().on_session(move |console| {
        let notes = notes.clone();
        async move { notes.note(console.label()) }
    }));
    let bot = start(bot).await;
    within(bot.view().complete()).await.unwrap();
    let details = format!("GET /api/servers/{}", sim.server());
    let gone = Fault::new(Hook::Http, Action::Reply(HttpReply::status(504)));
    let gone = gone.when(move |asked| asked.trim_end_matches('?') == details);
    sim.faults().arm(gone.times(1_000));
    sim.start_server(sim.server()).unwrap();
    noted.next_are(&["Thornwood"]).await;
    sim.rename_server(sim.server(), "Emberfall").unwrap();
    until("the new name", || {
        &*bot.consoles()[0].label() == "Emberfall"
    })
    .await;
    assert_eq!(bot.health().consoles[0].name, "Emberfall");
}

#[tokio::test]
async fn the_console_of_a_server_that_can_never_be_read_opens() {
    let sim = Sim::builder().start().await.unwrap();
    let details = format!("GET /api/servers/{}", sim.server());
    let gone = Fault::new(Hook::Http, Action::Reply(HttpReply::status(504)));
    let gone = gone.when(move |asked| asked.trim_end_matches('?') == details);
    sim.faults().arm(gone.times(100_000));
    let (notes, mut noted) = notes();
    let bot = managed(&sim).handlers(Handlers::new().on_session(move |console| {
        let notes = notes.clone();
        async move { notes.note(console.label()) }
    }));
    let bot = start(bot).await;
    noted.next_are(&["Thornwood"]).await;
    // The connected console shows that the server runs.
    let view = bot.view();
    until("it is online", || {
        view.server(server_id(sim.server())).unwrap().is_online
    })
    .await;
    assert!(bot.health().consoles[0].is_expected());
}

#[tokio::test]
async fn groups_are_allowed_and_denied_while_the_bot_runs() {
    let sim = Sim::builder().start().await.unwrap();
    let other = sim.add_group("Hollowmere");
    sim.admit_bot(other, 2).unwrap();
    let hollow = sim.add_server(other, "Hollow").unwrap();
    sim.start_server(hollow).unwrap();
    let rules = Rules::default().only([group(&sim)]);
    let (notes, mut noted) = notes();
    let bot = managed(&sim)
        .rules(rules)
        .on_server_online(move |_, server| {
            let notes = notes.clone();
            async move { notes.note(&server.name) }
        });
    let bot = start(bot).await;
    sim.wait_for_consoles(sim.server(), 1).await.unwrap();
    noted.next_are(&["Thornwood"]).await;
    within(bot.view().complete()).await.unwrap();
    assert_eq!(sim.console_connections(hollow).len(), 0);

    bot.change_rules(|rules| rules.allow(group_id(other)));
    sim.wait_for_consoles(hollow, 1).await.unwrap();
    noted.next_are(&["Hollow"]).await;
    bot.change_rules(|rules| rules.deny(group(&sim)));
    sim.wait_for_consoles(sim.server(), 0).await.unwrap();
    until("one console", || bot.consoles().len() == 1).await;
    bot.change_rules(|rules| rules.allow(group(&sim)));
    sim.wait_for_consoles(sim.server(), 1).await.unwrap();
    assert_eq!(sim.console_connections(hollow).len(), 1);
}

#[tokio::test]
async fn a_bot_without_consoles_follows_its_servers() {
    let sim = Sim::builder().start().await.unwrap();
    let (notes, mut noted) = notes();
    let bot = managed(&sim)
        .rules(Rules::default().consoles(false))
        .on_server_online(note_server(&notes, "up"))
        .on_server_offline(note_server(&notes, "down"));
    let bot = start(bot).await;
    noted.next_are(&["up Thornwood"]).await;
    sim.stop_server(sim.server()).await.unwrap();
    noted.next_are(&["down Thornwood"]).await;
    sim.start_server(sim.server()).unwrap();
    noted.next_are(&["up Thornwood"]).await;
    assert!(bot.consoles().is_empty());
    bot.change_rules(|rules| rules.consoles = true);
    sim.wait_for_consoles(sim.server(), 1).await.unwrap();
}

#[tokio::test]
async fn the_rules_can_exclude_fleets_and_empty_servers() {
    let sim = Sim::builder().start().await.unwrap();
    let rules = Rules::default().leave_empty_after(Duration::from_millis(20));
    let bot = start(managed(&sim).rules(rules)).await;
    within(bot.view().complete()).await.unwrap();
    assert!(bot.consoles().is_empty(), "no players");

    let player = sim.player_joins(sim.server(), "Ashwick").unwrap();
    sim.status(sim.server());
    sim.wait_for_consoles(sim.server(), 1).await.unwrap();
    sim.player_leaves(sim.server(), player).unwrap();
    sim.status(sim.server());
    sim.wait_for_consoles(sim.server(), 0).await.unwrap();

    bot.change_rules(|rules| rules.leave_empty_after = None);
    sim.wait_for_consoles(sim.server(), 1).await.unwrap();
    let fleet = bot.view().server(server_id(sim.server())).unwrap();
    let fleet = fleet.record.as_ref().unwrap().fleet.clone().unwrap();
    let other = match fleet {
        Fleet::AttQuest => Fleet::AttRelease,
        _ => Fleet::AttQuest,
    };
    bot.change_rules(|rules| rules.fleets = Some(vec![other]));
    sim.wait_for_consoles(sim.server(), 0).await.unwrap();
    bot.change_rules(|rules| rules.fleets = Some(vec![fleet]));
    sim.wait_for_consoles(sim.server(), 1).await.unwrap();
}

#[tokio::test]
async fn at_the_start_the_limit_bounds_the_consoles_that_open_at_the_same_time() {
    let sim = Sim::builder().start().await.unwrap();
    let mut servers = vec![sim.server()];
    for number in 0..7 {
        let server = sim
            .add_server(sim.group(), &format!("Town {number}"))
            .unwrap();
        sim.start_server(server).unwrap();
        servers.push(server);
    }
    for server in &servers {
        // Each server accepts the token without a reply, so the console neither connects nor fails.
        let silence = Fault::new(Hook::ConsoleToken, Action::Silence);
        sim.faults().arm(silence.server(*server));
    }
    let bot = start(managed(&sim).opening(3)).await;
    within(bot.view().complete()).await.unwrap();
    until("three", || bot.consoles().len() == 3).await;
    let asked = || {
        let received = sim.received();
        let asked = received
            .iter()
            .filter_map(|received| match &received.action {
                ClientAction::Request(request) if request.path.ends_with("/console") => {
                    Some(request.path.clone())
                }
                _ => None,
            });
        asked.collect::<BTreeSet<_>>().len()
    };
    until("three requests", || asked() == 3).await;
    assert_eq!(bot.consoles().len(), 3);

    // A lost connection is a failed attempt, so the next consoles open.
    until("all requests", || {
        for server in &servers {
            sim.drop_consoles(*server);
        }
        asked() == servers.len()
    })
    .await;
}
