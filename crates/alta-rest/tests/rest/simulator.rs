//! Logins and calls against the simulated cloud.

use crate::support::http;
use alta_auth::{
    BotCredentials, BotLogin, Endpoints, Password, TokenCache, TokenSource, UserCredentials,
    UserLogin,
};
use alta_model::{
    FriendRequestOutcome, GroupId, GroupType, JoinFailReason, MemberType, Permission, RoleId,
    ServerId, UserId,
};
use alta_rest::{Client, ConsoleOptions, ErrorKind, GroupChanges, Identities, NewGroup};
use alta_sim::{Action, Fault, Hook, HttpReply, Sim};
use std::time::Duration;
use tokio::task::JoinSet;

fn endpoints(sim: &Sim) -> Endpoints {
    Endpoints::new(
        sim.token_url().parse().unwrap(),
        sim.rest_url().parse().unwrap(),
    )
}

fn bot_tokens(sim: &Sim, secret: &str) -> TokenCache<BotLogin> {
    let credentials = BotCredentials::new(sim.bot().client_id, secret.to_owned());
    TokenCache::new(BotLogin::new(http(), credentials, &endpoints(sim)))
}

fn user_tokens(sim: &Sim, credentials: UserCredentials) -> TokenCache<UserLogin> {
    TokenCache::new(UserLogin::new(http(), credentials, &endpoints(sim)))
}

fn client(sim: &Sim) -> Client {
    let user = sim.user();
    let credentials = UserCredentials::new(user.username, Password::automatic(user.password));
    let identities = Identities::bot(bot_tokens(sim, &sim.bot().client_secret))
        .with_user(user_tokens(sim, credentials));
    Client::new(http(), sim.rest_url().parse().unwrap(), identities)
}

fn count(sim: &Sim, method: &str, path_end: &str) -> usize {
    sim.received()
        .iter()
        .filter(|entry| entry.is_request(method, path_end))
        .count()
}

fn group(sim: &Sim) -> GroupId {
    GroupId::new(sim.group().try_into().unwrap())
}

fn server(sim: &Sim) -> ServerId {
    ServerId::new(sim.server().try_into().unwrap())
}

fn user(id: u64) -> UserId {
    UserId::new(id.try_into().unwrap())
}

#[tokio::test]
async fn a_bot_logs_in_and_reads_all_pages_of_its_groups() {
    let sim = Sim::builder().start().await.unwrap();
    for number in 0..5 {
        let group = sim.add_group(&format!("Town {number}"));
        sim.admit_bot(group, 2).unwrap();
    }
    let client = client(&sim);
    let joined = client
        .groups()
        .joined()
        .page_size(2)
        .collect(100)
        .await
        .unwrap();
    assert_eq!(joined.len(), 6);
    assert_eq!(count(&sim, "GET", "groups/joined"), 3);
    assert_eq!(count(&sim, "POST", "connect/token"), 1);
    let bot = client.identities().bot.clone().unwrap();
    let token = bot.token().await.unwrap();
    assert_eq!(token.user_id(), Some(user(sim.bot().user_id)));
}

#[tokio::test]
async fn an_invitation_is_accepted_once() {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let client = client(&sim);
    let invites = client.invites().list().collect(10).await.unwrap();
    let invited = invites[0].id;
    let member = client.invites().accept(invited).await.unwrap();
    assert_eq!(member.r#type, Some(MemberType::Accepted));
    assert_eq!(client.invites().list().collect(10).await.unwrap(), []);
    let error = client.invites().accept(invited).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Rejected);
}

#[tokio::test]
async fn expired_tokens_are_renewed_once_for_all_refused_callers() {
    let sim = Sim::builder().start().await.unwrap();
    let client = client(&sim);
    client.groups().get(group(&sim)).await.unwrap();
    sim.expire_tokens();
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let (client, group) = (client.clone(), group(&sim));
        calls.spawn(async move { client.groups().get(group).await });
    }
    for response in calls.join_all().await {
        response.unwrap();
    }
    assert_eq!(count(&sim, "POST", "connect/token"), 2);
}

#[tokio::test]
async fn a_user_logs_in_and_renews_its_session() {
    let sim = Sim::builder().start().await.unwrap();
    let client = client(&sim);
    let found = client.users().search(sim.bot().username).await.unwrap();
    assert_eq!(found.id, user(sim.bot().user_id));
    let tokens = client.identities().user.clone().unwrap();
    let stale = tokens.token().await.unwrap();
    assert_eq!(stale.user_id(), Some(user(sim.user().user_id)));
    assert_ne!(tokens.renew(&stale).await.unwrap(), stale);
    assert_eq!(count(&sim, "POST", "sessions"), 1);
    assert_eq!(count(&sim, "PUT", "sessions"), 1);
}

#[tokio::test]
async fn wrong_credentials_are_refused_at_the_first_attempt() {
    let sim = Sim::builder().start().await.unwrap();
    let error = bot_tokens(&sim, "wrong").token().await.unwrap_err();
    assert_eq!(
        (*error.kind(), error.code()),
        (alta_auth::ErrorKind::Refused, Some("invalid_client"))
    );
    assert_eq!(count(&sim, "POST", "connect/token"), 1);

    let credentials = UserCredentials::with_email(sim.user().email, Password::plain("wrong"));
    let error = user_tokens(&sim, credentials).token().await.unwrap_err();
    assert_eq!(
        (*error.kind(), error.code()),
        (
            alta_auth::ErrorKind::Refused,
            Some("InvalidLoginCredentials")
        )
    );
    assert_eq!(count(&sim, "POST", "sessions/email"), 1);
}

#[tokio::test]
async fn an_e_mail_address_and_a_hash_also_log_in() {
    let sim = Sim::builder().start().await.unwrap();
    let password = Password::plain(sim.user().password);
    let hash = password.expose_hash().to_ascii_uppercase();
    let credentials =
        UserCredentials::with_email(sim.user().email, Password::hashed(hash).unwrap());
    let token = user_tokens(&sim, credentials).token().await.unwrap();
    assert_eq!(token.user_id(), Some(user(sim.user().user_id)));
}

#[tokio::test]
async fn failures_are_retried_where_that_is_safe() {
    let sim = Sim::builder().start().await.unwrap();
    let client = client(&sim);
    client.groups().get(group(&sim)).await.unwrap();
    for action in [
        Action::Truncate,
        Action::Cut,
        Action::Reply(HttpReply::too_many(0)),
        Action::Reply(HttpReply::status(503)),
        Action::Reply(HttpReply::status(401)),
    ] {
        let name = format!("{action:?}");
        sim.faults().arm(Fault::new(Hook::Http, action).times(1));
        let got = client.groups().get(group(&sim)).await;
        assert_eq!(got.expect(&name).id, group(&sim));
        assert_eq!(sim.faults().armed(), 0, "{name}");
    }
}

#[tokio::test]
async fn failures_are_not_retried_where_that_is_unsafe() {
    let sim = Sim::builder().start().await.unwrap();
    let client = client(&sim);
    client.groups().get(group(&sim)).await.unwrap();
    for (action, kind) in [
        (Action::Truncate, ErrorKind::Transport),
        (Action::Cut, ErrorKind::Transport),
        (Action::Reply(HttpReply::status(503)), ErrorKind::Server),
        (Action::Reply(HttpReply::html_500()), ErrorKind::Server),
    ] {
        let before = count(&sim, "POST", "console");
        sim.faults().arm(Fault::new(Hook::Http, action));
        let console = client
            .servers()
            .console(server(&sim), ConsoleOptions::default());
        let error = console.await.unwrap_err();
        assert_eq!(*error.kind(), kind);
        assert!(error.may_have_run());
        assert_eq!(count(&sim, "POST", "console"), before + 1);
        sim.faults().clear();
    }
}

#[tokio::test]
async fn a_silent_service_is_a_timeout() {
    let sim = Sim::builder().start().await.unwrap();
    let config = alta_http::Config::default()
        .attempts(1)
        .attempt_timeout(Duration::from_millis(100));
    let http =
        alta_http::HttpClient::over_tls(&alta_http::Tls::with_roots([[0; 0]; 0]).unwrap(), &config);
    let token = alta_auth::StaticToken::new(sim.bot_token());
    let client = Client::new(
        http,
        sim.rest_url().parse().unwrap(),
        Identities::bot(token),
    );
    sim.faults().arm(Fault::new(Hook::Http, Action::Silence));
    let error = client.groups().get(group(&sim)).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TimedOut);
}

#[tokio::test]
async fn a_console_is_granted_or_refused_or_its_server_is_down() {
    let sim = Sim::builder().start().await.unwrap();
    let options = ConsoleOptions::default();
    let access = client(&sim)
        .servers()
        .console(server(&sim), options)
        .await
        .unwrap();
    assert!(access.connection.is_some() && access.token.is_some());

    let sim = Sim::builder().bot_role(1).start().await.unwrap();
    let error = client(&sim)
        .servers()
        .console(server(&sim), options)
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Forbidden);

    let sim = Sim::builder().server_online(false).start().await.unwrap();
    let access = client(&sim)
        .servers()
        .console(server(&sim), options)
        .await
        .unwrap();
    assert_eq!(access.fail_reason, Some(JoinFailReason::NotOnline));
    assert!(access.connection.is_none());
}

#[tokio::test]
async fn members_are_added_and_removed() {
    let sim = Sim::builder().bot_role(7).start().await.unwrap();
    let (client, group) = (client(&sim), group(&sim));
    let (members, requests) = (client.members(), client.join_requests());

    let asking = user(sim.ask_to_join(sim.group(), "Larch").unwrap());
    let waiting = requests.of_group(group).collect(10).await.unwrap();
    assert_eq!(waiting[0].user_id, asking);
    requests.accept(group, asking).await.unwrap();
    assert_eq!(requests.of_group(group).collect(10).await.unwrap(), []);
    let member = members.get(group, asking).await.unwrap();
    assert_eq!(member.r#type, Some(MemberType::Accepted));

    let member = members
        .set_role(group, asking, RoleId::MODERATOR)
        .await
        .unwrap();
    assert_eq!(member.role_id, Some(RoleId::MODERATOR));
    let check = members
        .check_permissions(group, asking, [Permission::Console])
        .await;
    assert!(check.unwrap().value);
    let check = members
        .check_permissions(group, asking, [Permission::Ban])
        .await;
    assert!(!check.unwrap().value);

    client.bans().ban(group, asking).await.unwrap();
    assert_eq!(
        client.bans().list(group).collect(10).await.unwrap()[0].user_id,
        asking
    );
    client.bans().unban(group, asking).await.unwrap();
    assert_eq!(client.bans().list(group).collect(10).await.unwrap(), []);

    let friend = user(sim.add_user("Ash"));
    let sent = client.invites().send(group, friend).await.unwrap();
    assert_eq!(sent.r#type, Some(MemberType::Invited));
    let invited = client.invites().of_group(group).collect(10).await.unwrap();
    assert_eq!(invited[0].user_id, friend);
    client.invites().revoke(group, friend).await.unwrap();
    let error = members.get(group, friend).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotFound);

    client.groups().leave(group).await.unwrap();
    assert_eq!(client.groups().joined().collect(10).await.unwrap(), []);
}

#[tokio::test]
async fn servers_are_found_by_each_call() {
    let sim = Sim::builder().start().await.unwrap();
    let (client, wanted) = (client(&sim), server(&sim));
    let servers = client.servers();
    let name = servers.get(wanted).await.unwrap().name;
    for found in [
        servers.named(name).collect(10).await.unwrap(),
        servers.with_console().collect(10).await.unwrap(),
        servers.joined().collect(10).await.unwrap(),
        servers.online().collect(10).await.unwrap(),
    ] {
        assert_eq!(found[0].id, wanted);
    }
    assert!(!servers.regions().await.unwrap().is_empty());
    let error = servers.get(ServerId::new(1)).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn favorites_and_friends_belong_to_the_user() {
    let sim = Sim::builder().start().await.unwrap();
    let (client, wanted) = (client(&sim), server(&sim));
    let servers = client.servers();
    servers.add_favorite(wanted).await.unwrap();
    let favorites = servers.favorites().collect(10).await.unwrap();
    assert_eq!(favorites[0].id, wanted);
    servers.remove_favorite(wanted).await.unwrap();
    assert_eq!(servers.favorites().collect(10).await.unwrap(), []);

    let (friends, other) = (client.friends(), user(sim.add_user("Ash")));
    let asked = friends.add(other).await.unwrap();
    assert_eq!(asked.result, Some(FriendRequestOutcome::RequestSent));
    let sent = friends.sent_requests().collect(10).await.unwrap();
    assert_eq!(sent[0].id, other);
    friends.remove(other).await.unwrap();
    assert_eq!(friends.sent_requests().collect(10).await.unwrap(), []);
    let me = user(sim.user().user_id);
    assert!(client.users().is_verified(me).await.unwrap());
    assert_eq!(
        *friends.add(me).await.unwrap_err().kind(),
        ErrorKind::Rejected
    );
}

#[tokio::test]
async fn a_group_is_created_and_left() {
    let sim = Sim::builder().start().await.unwrap();
    let client = client(&sim).as_user();
    let new = NewGroup::new("Larchfield", GroupType::Public).description("Quiet");
    let made = client.groups().create(new).await.unwrap();
    assert_eq!(made.r#type, Some(GroupType::Public));
    let seen = client.groups().list(GroupType::Public).collect(10).await;
    assert_eq!(seen.unwrap()[0].name, "Larchfield");
    client.groups().leave(made.id).await.unwrap();
    assert_eq!(client.groups().joined().collect(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_group_is_changed() {
    let sim = Sim::builder().bot_role(7).start().await.unwrap();
    let changes = GroupChanges::default().description("Open day on Sunday");
    let client = client(&sim);
    let changed = client.groups().update(group(&sim), changes).await.unwrap();
    assert_eq!(changed.description, "Open day on Sunday");
}
