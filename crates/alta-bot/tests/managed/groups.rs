//! Readings of groups: a failed one delays no other, and an outage causes one reading.

use super::support::*;
use alta_bot::{Invites, Known, Membership, Rules};
use alta_http::HttpClient;
use alta_model::{RoleId, UserId};
use alta_sim::{Action, ClientAction, Fault, Hook, Sim};
use bytes::Bytes;
use http::Request;
use std::collections::BTreeMap;
use std::time::Duration;

fn refuse(sim: &Sim, status: u16, path: &str) {
    let refuse = Fault::new(Hook::Http, Action::Refuse(status)).containing(path);
    sim.faults().arm(refuse.times(u32::MAX));
}

#[tokio::test]
async fn a_server_that_cannot_be_read_delays_nothing_else_of_its_group() {
    for status in [504, 403] {
        let sim = Sim::builder().start().await.unwrap();
        for number in 0..21 {
            sim.add_member(sim.group(), &format!("Villager {number}"))
                .unwrap();
        }
        let healthy = sim.add_server(sim.group(), "Hollow").unwrap();
        sim.start_server(healthy).unwrap();
        refuse(&sim, status, &format!("GET /api/servers/{}", sim.server()));
        let (notes, mut noted) = notes();
        let bot = managed(&sim)
            .on_server_online(note_server(&notes, "up"))
            .on_server_offline(note_server(&notes, "down"));
        let bot = start(bot).await;
        let view = bot.view();
        noted.next_are(&["up Hollow"]).await;
        sim.wait_for_consoles(healthy, 1).await.unwrap();
        within(view.complete()).await.unwrap();
        assert_eq!(view.group(group(&sim)).unwrap().members.len(), 23);
        let broken = || view.server(server_id(sim.server())).unwrap();
        assert_eq!(broken().known, None, "unknown is not offline");

        // An event reports the state, too.
        sim.heartbeat(sim.server());
        noted.next_are(&["up Thornwood"]).await;
        assert_eq!(broken().known, Some(Known::AtStart));
        sim.stop_server(sim.server()).await.unwrap();
        noted.next_are(&["down Thornwood"]).await;
        // Only this server is read again, until that succeeds.
        sim.faults().clear();
        until("its record", || broken().record.is_some()).await;
        assert_eq!(noted.rest(), [""; 0]);
    }
}

#[tokio::test]
async fn each_request_of_a_group_may_fail_without_the_others() {
    let sim = Sim::builder().start().await.unwrap();
    let bot = within(builder(&sim).connect()).await.unwrap();
    let path = format!("GET /api/groups/{}", sim.group());
    refuse(&sim, 403, &path);
    let view = within(bot.view(following())).await.unwrap();
    let now = || view.group(group(&sim)).unwrap();
    let server = || view.server(server_id(sim.server()));
    until("the server", || server().is_some_and(|it| it.is_online)).await;
    assert!(!now().complete && !now().members_known);
    assert_eq!(now().member(UserId::new(1)), Membership::NotKnownYet);

    sim.faults().clear();
    within(view.complete()).await.unwrap();
    assert_eq!(now().member(UserId::new(1)), Membership::Absent);
    let me = UserId::new(sim.bot().user_id.try_into().unwrap());
    assert!(now().is_at_least(me, RoleId::MODERATOR));
    assert!(!now().is_at_least(me, RoleId::OWNER));
}

#[tokio::test]
async fn the_members_before_a_page_that_fails_are_kept() {
    let sim = Sim::builder().start().await.unwrap();
    for number in 0..12 {
        sim.add_member(sim.group(), &format!("Villager {number}"))
            .unwrap();
    }
    let second = |path: &str| path.contains("/members?") && path.contains("paginationToken");
    let refuse = Fault::new(Hook::Http, Action::Refuse(403)).when(second);
    sim.faults().arm(refuse.times(u32::MAX));
    // Each page has five members.
    let http = HttpClient::web_roots(&alta_http::Config::default()).unwrap();
    let http = HttpClient::without_layers(tower::service_fn(move |mut request: Request<Bytes>| {
        let smaller = request.uri().to_string().replace("limit=1000", "limit=5");
        *request.uri_mut() = smaller.parse().unwrap();
        let http = http.clone();
        async move { http.send(request).await }
    }));
    let bot = within(builder(&sim).http(http).connect()).await.unwrap();
    let view = within(bot.view(following())).await.unwrap();
    let now = || view.group(group(&sim)).unwrap();
    until("the first page", || now().members.len() >= 5).await;
    assert!(!now().members_known && !now().complete);
    assert_eq!(now().member(UserId::new(1)), Membership::NotKnownYet);
    sim.faults().clear();
    within(view.complete()).await.unwrap();
    assert_eq!(now().members.len(), 14);
}

#[tokio::test]
async fn a_joined_group_is_announced_when_it_is_complete() {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let cobb = sim.add_member(sim.group(), "Cobb").unwrap();
    let cobb = UserId::new(cobb.try_into().unwrap());
    // The members arrive last.
    let path = format!("GET /api/groups/{}/members", sim.group());
    let slow = Fault::new(Hook::Http, Action::Delay(Duration::from_millis(200)));
    sim.faults().arm(slow.containing(&path).times(1));
    let (notes, mut noted) = notes();
    let bot = managed(&sim)
        .accept_invites(Invites::All)
        .on_group_joined(move |bot, group| {
            let notes = notes.clone();
            let view = bot.current_view().unwrap();
            assert!(view.group(group.id()).unwrap().complete);
            let known = matches!(group.member(cobb), Membership::Known(_));
            let absent = group.member(UserId::new(1)) == Membership::Absent;
            let (complete, count) = (group.complete, group.members.len());
            async move { notes.note(format!("{complete} {count} {known} {absent}")) }
        });
    let _bot = start(bot).await;
    noted.next_are(&["true 3 true true"]).await;
}

#[tokio::test]
async fn a_joined_group_that_stays_incomplete_is_announced_after_the_timeout() {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    refuse(
        &sim,
        403,
        &format!("GET /api/groups/{}/members", sim.group()),
    );
    let (notes, mut noted) = notes();
    let bot = builder(&sim)
        .managed()
        .view_config(following().subscribe_timeout(Duration::from_millis(100)))
        .accept_invites(Invites::All)
        .on_group_joined(move |_, group| {
            let notes = notes.clone();
            let other = group.member(UserId::new(1)) == Membership::NotKnownYet;
            async move { notes.note(format!("{} {other}", group.complete)) }
        });
    let _bot = start(bot).await;
    noted.next_are(&["false true"]).await;
}

#[tokio::test]
async fn an_outage_is_one_reading_of_each_group() {
    let sim = Sim::builder().start().await.unwrap();
    let mut groups = vec![(sim.group(), sim.server())];
    for number in 0..8 {
        let group = sim.add_group(&format!("Town {number}"));
        let server = sim.add_server(group, &format!("Town {number}")).unwrap();
        sim.admit_bot(group, 1).unwrap();
        groups.push((group, server));
    }
    let bot = managed(&sim).rules(Rules::default().consoles(false));
    let bot = start(bot).await;
    within(bot.view().complete()).await.unwrap();
    let paths = groups.iter().flat_map(|(group, server)| {
        [
            format!("/api/groups/{group}"),
            format!("/api/groups/{group}/members"),
            format!("/api/servers/{server}"),
        ]
    });
    let paths: Vec<_> = paths.chain(["/api/groups/joined".to_owned()]).collect();
    let count = || {
        let mut counts: BTreeMap<_, usize> = paths.iter().map(|path| (path.clone(), 0)).collect();
        for received in sim.received() {
            if let ClientAction::Request(request) = &received.action
                && let Some(count) = counts.get_mut(&request.path)
            {
                *count += 1;
            }
        }
        counts
    };
    let first = count();
    // The second outage shows whether the first one has caused too many readings.
    for outage in 1..=2 {
        sim.drop_main_sockets();
        until("everything is read again", || {
            count()
                .iter()
                .all(|(path, now)| *now >= first[path] + outage)
        })
        .await;
    }
    let more: Vec<_> = count()
        .into_iter()
        .map(|(path, now)| now - first[&path])
        .collect();
    assert_eq!(more, [2; 28]);
}
