use super::support::*;
use alta_bot::{Handlers, Invites, Limits, Rules};
use alta_sim::{Action, Fault, Hook, Sim};
use std::time::Duration;

#[tokio::test]
async fn only_the_invitations_in_the_rules_are_accepted_and_changed_rules_check_again() {
    let sim = Sim::builder().bare().start().await.unwrap();
    let groups = ["Ashby", "Birch", "Cobb"].map(|name| sim.add_group(name));
    sim.invite_bot(groups[0]).unwrap();
    sim.invite_bot(groups[1]).unwrap();
    let (notes, mut noted) = notes();
    let bot = managed(&sim)
        .accept_invites(Invites::listed([group_id(groups[0])]))
        .on_invite(note_invitation(&notes));
    let bot = start(bot).await;
    let mut first = [noted.next().await, noted.next().await];
    first.sort();
    assert_eq!(first, ["Ashby true", "Birch false"]);

    sim.invite_bot(groups[2]).unwrap();
    noted.next_are(&["Cobb false"]).await;
    bot.change_rules(|rules| rules.invites = Invites::when(|invite| invite.name == "Cobb"));
    noted.next_are(&["Cobb true"]).await;
    let view = bot.view();
    until("two groups", || view.groups().len() == 2).await;
    assert!(view.group(group_id(groups[1])).is_none());
    assert_eq!(bot.health().invites_accepted, 2);
    assert_eq!(noted.rest(), [""; 0]);
}

#[tokio::test]
async fn an_invitation_during_a_gap_is_accepted_afterwards() {
    let sim = Sim::builder().bot_stranger().start().await.unwrap();
    let bot = start(managed(&sim).accept_invites(Invites::All)).await;
    sim.faults().arm(Fault::new(Hook::MainEvent, Action::Drop));
    sim.invite_bot(sim.group()).unwrap();
    sim.drop_main_sockets();
    let view = bot.view();
    until("the group", || view.group(group(&sim)).is_some()).await;
}

/// A fault of the request to accept an invitation.
fn accepting(action: Action) -> Fault {
    Fault::new(Hook::Http, action).containing("POST /api/groups/invites/")
}

#[tokio::test]
async fn an_invitation_that_cannot_be_accepted_now_is_reported_and_accepted_later() {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    sim.faults().arm(accepting(Action::Refuse(500)).times(7));
    let (notes, mut noted) = notes();
    let failed = notes.clone();
    let bot = managed(&sim)
        .accept_invites(Invites::All)
        .on_invite(note_accepted(&notes))
        .handlers(Handlers::new().on_failure(move |failure| failed.note(failure.handler)));
    let bot = start(bot).await;
    noted.next_are(&["on_invite", "accepted true"]).await;
    assert_eq!(sim.faults().armed(), 0);
    until("the group", || !bot.view().groups().is_empty()).await;
}

#[tokio::test]
async fn the_handler_timeout_does_not_apply_to_the_acceptance() {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let slow = Action::Delay(Duration::from_millis(300));
    sim.faults().arm(accepting(slow));
    let (notes, mut noted) = notes();
    let failed = notes.clone();
    let bot = managed(&sim)
        .limits(Limits::default().handler_timeout(Duration::from_millis(50)))
        .accept_invites(Invites::All)
        .on_invite(note_accepted(&notes))
        .on_invite(|_, _| std::future::pending::<()>())
        .handlers(Handlers::new().on_failure(move |failure| failed.note(failure.kind.name())));
    let bot = start(bot).await;
    noted.next_are(&["accepted true", "timed_out"]).await;
    assert_eq!(bot.health().invites_accepted, 1);
}

#[tokio::test]
async fn an_acceptance_whose_reply_is_lost_counts_and_a_rejected_one_does_not() {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    sim.faults().arm(accepting(Action::Truncate));
    let (notes, mut noted) = notes();
    let failed = notes.clone();
    let bot = managed(&sim)
        .accept_invites(Invites::All)
        .on_invite(note_accepted(&notes))
        .handlers(Handlers::new().on_failure(move |failure| failed.note(failure.handler)));
    let bot = start(bot).await;
    noted.next_are(&["accepted true"]).await;
    assert_eq!(bot.health().invites_accepted, 1);

    sim.faults().arm(accepting(Action::Refuse(400)));
    sim.invite_bot(sim.add_group("Hollowmere")).unwrap();
    noted.next_are(&["on_invite"]).await;
    assert_eq!(bot.health().invites_accepted, 1);
    assert_eq!(noted.rest(), [""; 0]);
}

#[tokio::test]
async fn a_group_that_invites_the_bot_again_is_joined_again() {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let bot = start(managed(&sim).accept_invites(Invites::All)).await;
    let view = bot.view();
    for round in 1..=3 {
        until("the group", || view.group(group(&sim)).is_some()).await;
        assert_eq!(bot.health().invites_accepted, round);
        sim.kick_bot(sim.group()).unwrap();
        until("no group", || view.groups().is_empty()).await;
        sim.invite_bot(sim.group()).unwrap();
    }
}

#[tokio::test]
async fn a_group_that_invites_the_bot_again_during_a_gap_is_joined_again() {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let (notes, mut noted) = notes();
    let bot = managed(&sim)
        .accept_invites(Invites::All)
        .on_invite(note_accepted(&notes));
    let bot = start(bot).await;
    noted.next_are(&["accepted true"]).await;

    let refuse = Fault::new(Hook::MainUpgrade, Action::Refuse(503)).times(u32::MAX);
    sim.faults().arm(refuse);
    sim.drop_main_sockets();
    until("no main websocket", || sim.main_sockets().is_empty()).await;
    sim.kick_bot(sim.group()).unwrap();
    sim.invite_bot(sim.group()).unwrap();
    sim.faults().clear();
    noted.next_are(&["accepted true"]).await;
    assert_eq!(bot.health().invites_accepted, 2);
    let view = bot.view();
    until("the group", || view.group(group(&sim)).is_some()).await;
}

#[tokio::test]
async fn a_gap_while_an_invitation_is_accepted_causes_no_second_call() {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let slow = Action::Delay(Duration::from_millis(500));
    sim.faults().arm(accepting(slow));
    let (notes, mut noted) = notes();
    let bot = managed(&sim)
        .accept_invites(Invites::All)
        .on_invite(note_accepted(&notes));
    let bot = start(bot).await;
    until("the request", || sim.faults().armed() == 0).await;
    let lists = || {
        let received = sim.received();
        let lists = received.iter();
        lists
            .filter(|it| it.is_request("GET", "/groups/invites"))
            .count()
    };
    let before = lists();
    sim.drop_main_sockets();
    until("another list", || lists() > before).await;
    noted.next_are(&["accepted true"]).await;
    within(bot.shutdown(TEST_TIMEOUT)).await;
    assert_eq!(noted.rest(), [""; 0]);
}

#[tokio::test]
async fn an_invitation_to_a_group_that_the_rules_exclude_is_not_accepted() {
    let sim = Sim::builder().bare().start().await.unwrap();
    let [allowed, other] = ["Ashby", "Birch"].map(|name| sim.add_group(name));
    sim.invite_bot(allowed).unwrap();
    sim.invite_bot(other).unwrap();
    let (notes, mut noted) = notes();
    let joined = notes.clone();
    let bot = managed(&sim)
        .rules(Rules::default().only([group_id(allowed)]))
        .accept_invites(Invites::All)
        .on_invite(note_invitation(&notes))
        .on_group_joined(move |_, group| {
            let notes = joined.clone();
            async move { notes.note(format!("joined {}", group.name())) }
        });
    let bot = start(bot).await;
    let mut first = [noted.next().await, noted.next().await, noted.next().await];
    first.sort();
    assert_eq!(first, ["Ashby true", "Birch false", "joined Ashby"]);
    assert_eq!(bot.health().invites_accepted, 1);

    bot.change_rules(|rules| rules.allow(group_id(other)));
    let mut then = [noted.next().await, noted.next().await];
    then.sort();
    assert_eq!(then, ["Birch true", "joined Birch"]);
}
