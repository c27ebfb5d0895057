//! Followed lists against the simulated cloud, over loopback sockets: bans, invitations and requests to join.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "another test program uses the rest")]
#[path = "managed/support.rs"]
mod support;

use alta_bot::{Bot, ErrorKind, FollowedList, Known, ListChange, ListChanges, ListEntry, UserId};
use alta_model::{InvitedGroup, Member, MemberType};
use alta_sim::{Action, Fault, Hook, HttpReply, Sim};
use serde_json::json;
use std::fmt::Debug;
use support::*;

/// Names that a careless bot would confuse or paste into a request. The id of `1234` is another number.
const ODD_NAMES: [&str; 6] = ["O'Neil", "-Bee-", "J.K.", "Elder Toad", "a\"b\\c", "1234"];

/// A simulator whose bot may ban, invite and accept requests in its group, and the bot.
async fn town() -> (Sim, Bot) {
    let sim = Sim::builder().start().await.unwrap();
    sim.set_role(sim.group(), sim.bot().user_id, 7).unwrap();
    let bot = within(builder(&sim).connect()).await.unwrap();
    (sim, bot)
}

fn user_id(id: u64) -> UserId {
    UserId::new(id.try_into().unwrap())
}

trait Named {
    fn name(&self) -> &str;
}

impl Named for Member {
    fn name(&self) -> &str {
        &self.username
    }
}

impl Named for InvitedGroup {
    fn name(&self) -> &str {
        &self.name
    }
}

/// A change in words: its kind, whose it is, its source, and the name of the entry. An own change can be found by an event or by
/// a reading, whichever is first.
fn words<T: Named + Debug>(change: &ListChange<T>) -> String {
    let kind = format!("{:?}", change.kind);
    let kind = kind.split([' ', '{']).next().unwrap().to_lowercase();
    let own = if change.is_own { " by us" } else { "" };
    let later = if change.known == Known::AfterGap && !change.is_own {
        " meanwhile"
    } else {
        ""
    };
    format!("{} {kind}{own}{later}", change.entry.name())
}

async fn next<T: ListEntry + Named>(changes: &mut ListChanges<T>) -> String {
    let change = within(changes.next()).await.expect("the stream has ended");
    words(&change.expect("changes were missed"))
}

/// The names in a list, as sorted.
fn names<T: ListEntry + Named>(list: &FollowedList<T>) -> Vec<String> {
    let entries = list.entries();
    let mut names: Vec<_> = entries
        .values()
        .map(|entry| entry.name().to_owned())
        .collect();
    names.sort();
    names
}

/// Ends the connection, and lets the service change before the bot connects again.
async fn outage(sim: &Sim, change: impl FnOnce()) {
    let refuse = Fault::new(Hook::MainUpgrade, Action::Refuse(503)).times(u32::MAX);
    sim.faults().arm(refuse);
    sim.drop_main_sockets();
    until("no main websocket", || sim.main_sockets().is_empty()).await;
    change();
    sim.faults().clear();
}

#[tokio::test]
async fn bans_of_others_and_own_ones_are_told_apart_from_those_at_the_start() {
    let (sim, bot) = town().await;
    let group = sim.group();
    let mut ids = Vec::new();
    for name in &ODD_NAMES[..2] {
        ids.push(user_id(sim.ban(group, name).unwrap()));
    }
    let bans = within(bot.bans(group_id(group))).await.unwrap();
    let mut changes = bans.changes();
    let mut found = [next(&mut changes).await, next(&mut changes).await];
    found.sort();
    assert_eq!(found, ["-Bee- found", "O'Neil found"]);

    for name in &ODD_NAMES[2..4] {
        ids.push(user_id(sim.ban(group, name).unwrap()));
        assert_eq!(next(&mut changes).await, format!("{name} added"));
    }
    for name in &ODD_NAMES[4..] {
        let user = user_id(sim.add_user(name));
        assert_ne!(user.to_string(), *name);
        ids.push(user);
        let member = within(bans.ban(user)).await.unwrap();
        assert_eq!(member.r#type, Some(MemberType::Banned));
        assert_eq!(next(&mut changes).await, format!("{name} added by us"));
        assert!(bans.contains(user));
    }
    let mut all = ODD_NAMES.map(str::to_owned);
    all.sort();
    assert_eq!(names(&bans), all);

    for (number, (name, user)) in ODD_NAMES.into_iter().zip(ids).enumerate() {
        if number % 2 == 0 {
            within(bans.unban(user)).await.unwrap();
            assert_eq!(next(&mut changes).await, format!("{name} removed by us"));
        } else {
            sim.unban(group, name).unwrap();
            assert_eq!(next(&mut changes).await, format!("{name} removed"));
        }
        assert!(bans.get(user).is_none());
    }
    assert!(bans.is_current());
    within(bot.close()).await;
    assert!(within(changes.next()).await.is_none());
    assert!(!bans.is_current());
    within(bot.bans(group_id(group))).await.unwrap_err();
}

#[tokio::test]
async fn a_gap_is_followed_by_the_differences_each_told_once() {
    let (sim, bot) = town().await;
    let group = sim.group();
    for name in &ODD_NAMES[..3] {
        sim.ban(group, name).unwrap();
    }
    let bans = within(bot.bans(group_id(group))).await.unwrap();
    let mut changes = bans.changes();
    for _ in 0..3 {
        assert!(next(&mut changes).await.ends_with(" found"));
    }
    outage(&sim, || {
        assert_eq!(names(&bans).len(), 3);
        sim.unban(group, "O'Neil").unwrap();
        sim.ban(group, "1234").unwrap();
        // This ban is the same before and after.
        sim.ban(group, "Elder Toad").unwrap();
        sim.unban(group, "Elder Toad").unwrap();
    })
    .await;
    let mut told = [next(&mut changes).await, next(&mut changes).await];
    told.sort();
    assert_eq!(told, ["1234 added meanwhile", "O'Neil removed meanwhile"]);
    until("the list is current", || bans.is_current()).await;
    // Nothing else was told.
    sim.ban(group, "a\"b\\c").unwrap();
    assert_eq!(next(&mut changes).await, "a\"b\\c added");
}

#[tokio::test]
async fn while_the_connection_is_lost_the_list_is_not_current() {
    let (sim, bot) = town().await;
    let bans = within(bot.bans(group(&sim))).await.unwrap();
    assert!(bans.is_current());
    let refuse = Fault::new(Hook::MainUpgrade, Action::Refuse(503)).times(u32::MAX);
    sim.faults().arm(refuse);
    sim.drop_main_sockets();
    until("it is not current", || !bans.is_current()).await;
    sim.faults().clear();
    until("it is current", || bans.is_current()).await;
}

#[tokio::test]
async fn a_reading_that_fails_or_is_no_list_is_never_an_empty_list() {
    let (sim, bot) = town().await;
    let group = sim.group();
    for name in ODD_NAMES {
        sim.ban(group, name).unwrap();
    }
    let bans = within(bot.bans(group_id(group))).await.unwrap();
    let mut changes = bans.changes();
    for _ in ODD_NAMES {
        assert!(next(&mut changes).await.ends_with(" found"));
    }
    let reading = format!("GET /api/groups/{group}/bans");
    let odd = async |action: Action| {
        sim.faults()
            .arm(Fault::new(Hook::Http, action).containing(&reading));
        outage_of_main_sockets(&sim).await;
        until("the odd reply", || sim.faults().armed() == 0).await;
        assert!(names(&bans).len() >= ODD_NAMES.len());
    };
    let body = |body: &str| Action::Reply(HttpReply::status(200).body("", body));
    odd(Action::Refuse(404)).await;
    until("the list is current", || bans.is_current()).await;
    for text in ["", "null", "<html>", "{}", "[{}]"] {
        odd(body(text)).await;
        // The next reading succeeds.
        until("the list is current", || bans.is_current()).await;
    }
    // A valid entry beside an invalid one: the absent entries stay.
    let partial = json!([{"group_id": group, "user_id": 99, "username": "J.K."}, {"user_id": "x"}]);
    odd(body(&partial.to_string())).await;
    assert_eq!(next(&mut changes).await, "J.K. added meanwhile");
    assert_eq!(names(&bans).len(), ODD_NAMES.len() + 1);
    assert!(!bans.is_current());
    outage_of_main_sockets(&sim).await;
    assert_eq!(next(&mut changes).await, "J.K. removed meanwhile");
    sim.unban(group, "O'Neil").unwrap();
    assert_eq!(next(&mut changes).await, "O'Neil removed");
}

/// Ends the connection. The bot connects again.
async fn outage_of_main_sockets(sim: &Sim) {
    let before = sim.main_sockets();
    sim.drop_main_sockets();
    until("another main websocket", || {
        let now = sim.main_sockets();
        !now.is_empty() && now != before
    })
    .await;
}

#[tokio::test]
async fn an_own_change_is_told_although_its_event_or_its_reply_is_lost() {
    let (sim, bot) = town().await;
    let group = sim.group();
    let bans = within(bot.bans(group_id(group))).await.unwrap();
    let mut changes = bans.changes();
    let [first, second, third] =
        ["O'Neil", "1234", "-Bee-"].map(|name| user_id(sim.add_user(name)));

    let lost = Fault::new(Hook::MainEvent, Action::Drop).containing("group-ban-create");
    sim.faults().arm(lost);
    within(bans.ban(first)).await.unwrap();
    let found = within(changes.next()).await.unwrap().unwrap();
    assert_eq!(found.known, Known::AfterGap);
    assert_eq!(words(&found), "O'Neil added by us");

    let lost = Fault::new(Hook::Http, Action::Truncate).containing("POST /api/groups/");
    sim.faults().arm(lost);
    let error = within(bans.ban(second)).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Rest);
    assert_eq!(next(&mut changes).await, "1234 added by us");

    // The future is dropped while the reply is awaited, and the event is lost.
    let slow = Fault::new(Hook::Http, Action::Drop).containing("POST /api/groups/");
    sim.faults().arm(slow);
    let lost = Fault::new(Hook::MainEvent, Action::Drop).containing("group-ban-create");
    sim.faults().arm(lost);
    tokio::select! {
        _ = bans.ban(third) => panic!("there is no reply"),
        () = until("the ban", || sim.faults().armed() == 0) => {}
    }
    assert_eq!(next(&mut changes).await, "-Bee- added by us");

    // A refused request is no own change.
    let refuse = Fault::new(Hook::Http, Action::Refuse(403)).containing("DELETE /api/groups/");
    sim.faults().arm(refuse);
    within(bans.unban(first)).await.unwrap_err();
    sim.unban(group, "O'Neil").unwrap();
    assert_eq!(next(&mut changes).await, "O'Neil removed");
}

#[tokio::test]
async fn the_invitations_of_the_bot_are_accepted_rejected_and_withdrawn() {
    let sim = Sim::builder().bare().start().await.unwrap();
    let groups = ODD_NAMES.map(|name| sim.add_group(name));
    sim.invite_bot(groups[0]).unwrap();
    let bot = within(builder(&sim).connect()).await.unwrap();
    let invitations = within(bot.invitations()).await.unwrap();
    let mut changes = invitations.changes();
    assert_eq!(next(&mut changes).await, "O'Neil found");
    for (group, name) in groups.into_iter().zip(ODD_NAMES).skip(1) {
        sim.invite_bot(group).unwrap();
        assert_eq!(next(&mut changes).await, format!("{name} added"));
    }
    for (number, (group, name)) in groups.into_iter().zip(ODD_NAMES).enumerate() {
        let by = match number % 3 {
            0 => {
                let member = within(invitations.accept(group_id(group))).await.unwrap();
                assert_eq!(member.r#type, Some(MemberType::Accepted));
                " by us"
            }
            1 => {
                let member = within(invitations.reject(group_id(group))).await.unwrap();
                assert_eq!(member.r#type, Some(MemberType::Left));
                " by us"
            }
            _ => {
                sim.uninvite_bot(group).unwrap();
                ""
            }
        };
        assert_eq!(next(&mut changes).await, format!("{name} removed{by}"));
    }
    assert_eq!(names(&invitations), [""; 0]);

    // Another program of the account accepts one: the membership is returned, and the change is its own.
    sim.invite_bot(groups[1]).unwrap();
    assert_eq!(next(&mut changes).await, "-Bee- added");
    sim.admit_bot(groups[1], 1).unwrap();
    assert_eq!(next(&mut changes).await, "-Bee- removed");
    let member = within(invitations.accept(group_id(groups[1])))
        .await
        .unwrap();
    assert_eq!(member.group_id, group_id(groups[1]));
}

#[tokio::test]
async fn an_acceptance_whose_reply_is_lost_is_an_own_change_and_returns_the_membership() {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let bot = within(builder(&sim).connect()).await.unwrap();
    let invitations = within(bot.invitations()).await.unwrap();
    let mut changes = invitations.changes();
    assert!(next(&mut changes).await.ends_with(" found"));
    let lost = Fault::new(Hook::Http, Action::Truncate).containing("POST /api/groups/invites/");
    sim.faults().arm(lost);
    let member = within(invitations.accept(group(&sim))).await.unwrap();
    assert_eq!(member.r#type, Some(MemberType::Accepted));
    assert!(next(&mut changes).await.ends_with(" removed by us"));
}

#[tokio::test]
async fn sent_invitations_and_requests_to_join_are_followed() {
    let (sim, bot) = town().await;
    let group = sim.group();
    let invitations = within(bot.sent_invitations(group_id(group))).await.unwrap();
    let requests = within(bot.join_requests(group_id(group))).await.unwrap();
    let (mut invited, mut requested) = (invitations.changes(), requests.changes());
    for name in ODD_NAMES {
        let user = user_id(sim.add_user(name));
        within(invitations.invite(user)).await.unwrap();
        assert_eq!(next(&mut invited).await, format!("{name} added by us"));
        within(invitations.revoke(user)).await.unwrap();
        assert_eq!(next(&mut invited).await, format!("{name} removed by us"));
        sim.invite(group, name).unwrap();
        assert_eq!(next(&mut invited).await, format!("{name} added"));
        sim.uninvite(group, name).unwrap();
        assert_eq!(next(&mut invited).await, format!("{name} removed"));

        for by_us in [true, false] {
            sim.ask_to_join(group, name).unwrap();
            assert_eq!(next(&mut requested).await, format!("{name} added"));
            if by_us {
                within(requests.reject(user)).await.unwrap();
                assert_eq!(next(&mut requested).await, format!("{name} removed by us"));
            } else {
                sim.withdraw_request(group, name).unwrap();
                assert_eq!(next(&mut requested).await, format!("{name} removed"));
            }
        }
        sim.ask_to_join(group, name).unwrap();
        assert_eq!(next(&mut requested).await, format!("{name} added"));
        let member = within(requests.accept(user)).await.unwrap();
        assert_eq!(member.r#type, Some(MemberType::Accepted));
        assert_eq!(next(&mut requested).await, format!("{name} removed by us"));
    }
}

#[tokio::test]
async fn all_handles_share_one_list_which_is_followed_until_the_last_is_dropped() {
    let (sim, bot) = town().await;
    let group = group(&sim);
    let (one, other) = tokio::join!(bot.bans(group), bot.bans(group));
    let (one, other) = (one.unwrap(), other.unwrap());
    let mut changes = other.changes();
    let user = user_id(sim.add_user("J.K."));
    within(one.ban(user)).await.unwrap();
    assert_eq!(next(&mut changes).await, "J.K. added by us");
    let third = within(bot.bans(group)).await.unwrap();
    assert!(third.contains(user));

    let subscribed = || {
        let subscriptions = sim.main_socket_subscriptions();
        let mut subscriptions = subscriptions.iter();
        subscriptions.any(|(_, event, _)| event == "group-ban-create")
    };
    assert!(subscribed());
    drop((one, other, third));
    // The stream keeps the list followed.
    sim.unban(sim.group(), "J.K.").unwrap();
    assert_eq!(next(&mut changes).await, "J.K. removed");
    drop(changes);
    until("the subscription ends", || !subscribed()).await;
    let again = within(bot.bans(group)).await.unwrap();
    assert_eq!(names(&again), [""; 0]);
}

#[tokio::test]
async fn a_migration_causes_a_reading() {
    let (sim, bot) = town().await;
    let bans = within(bot.bans(group(&sim))).await.unwrap();
    let mut changes = bans.changes();
    let lost = Fault::new(Hook::MainEvent, Action::Drop).containing("group-ban-create");
    sim.faults().arm(lost);
    sim.ban(sim.group(), "Elder Toad").unwrap();
    within(bot.socket().unwrap().migrate_now()).await.unwrap();
    assert_eq!(next(&mut changes).await, "Elder Toad added meanwhile");
}

#[tokio::test]
async fn an_event_that_cannot_be_decoded_causes_a_reading() {
    let (sim, bot) = town().await;
    let bans = within(bot.bans(group(&sim))).await.unwrap();
    let mut changes = bans.changes();
    let lost = Fault::new(Hook::MainEvent, Action::Drop).containing("group-ban-create");
    sim.faults().arm(lost);
    sim.ban(sim.group(), "1234").unwrap();
    sim.emit_main_event(
        "group-ban-create",
        sim.group(),
        json!({"user_id": "nobody"}),
    );
    assert_eq!(next(&mut changes).await, "1234 added meanwhile");
}

#[tokio::test]
async fn a_list_that_cannot_be_followed_is_an_error() {
    let (sim, bot) = town().await;
    let unknown = within(bot.bans(group_id(99))).await.unwrap_err();
    assert_eq!(unknown.kind(), &ErrorKind::Socket);
    let refuse = Fault::new(Hook::Http, Action::Refuse(403)).containing("/bans");
    sim.faults().arm(refuse);
    let refused = within(bot.bans(group(&sim))).await.unwrap_err();
    assert_eq!(refused.kind(), &ErrorKind::Rest);
    // The next call succeeds.
    within(bot.bans(group(&sim))).await.unwrap();
}
