//! Every route and every caller.

use super::credentials::{bearer, refused};
use super::support::World;
use crate::net::Limits;
use crate::state::{Identity, Purpose, SCOPES, Scopes};

/// The statuses for bots: without membership, a member, a moderator, the owner; and for users: a member, one without membership.
type Statuses = [u16; 6];

const ANYBODY: Statuses = [200; 6];
const MEMBERS: Statuses = [403, 200, 200, 200, 200, 403];
const MODERATORS: Statuses = [403, 403, 200, 200, 403, 403];
const OWNER: Statuses = [403, 403, 403, 200, 403, 403];
const USERS: Statuses = [403, 403, 403, 403, 200, 200];
const SEEN: Statuses = [404, 200, 200, 200, 200, 404];

/// A route, the scopes of which a bot needs one, a request for it, and its statuses. In the request `G` is the group, `S` the
/// server, `T` a member, `R` a user who has requested to join, `I` one invited, `B` one banned, and `N` one without membership.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Statuses,
);

#[rustfmt::skip]
const ROWS: [Row; 52] = [
    ("GET", "/groups", "group.info group.view", "/groups", "", ANYBODY),
    ("POST", "/groups", "group.join", "/groups", r#"{"Name":"Mill"}"#, ANYBODY),
    ("GET", "/groups/joined", "group.info group.view", "/groups/joined", "", ANYBODY),
    ("GET", "/groups/invites", "group.info group.view", "/groups/invites", "", ANYBODY),
    ("GET", "/groups/requested", "group.info group.view", "/groups/requested", "", ANYBODY),
    ("GET", "/groups/requests", "group.info group.view", "/groups/requests", "", ANYBODY),
    ("GET", "/groups/{group}", "group.info group.view", "/groups/G", "", MEMBERS),
    ("PATCH", "/groups/{group}", "group.members", "/groups/G", r#"{"name":"Mill"}"#, OWNER),
    ("PATCH", "/groups/{group}/roles/{role}", "group.members", "/groups/G/roles/1", r#"{"name":"Mill"}"#, OWNER),
    ("POST", "/groups/{group}/{user}/permissions/check", "group.info group.view", "/groups/G/T/permissions/check", r#"{"permissions":[1]}"#, MEMBERS),
    ("GET", "/groups/{group}/members", "group.members", "/groups/G/members", "", MEMBERS),
    ("GET", "/groups/{group}/requests", "group.members", "/groups/G/requests", "", MEMBERS),
    ("GET", "/groups/{group}/invites", "group.invite", "/groups/G/invites", "", MEMBERS),
    ("GET", "/groups/{group}/bans", "group.members", "/groups/G/bans", "", MEMBERS),
    ("GET", "/groups/{group}/members/{user}", "group.members", "/groups/G/members/T", "", MEMBERS),
    ("POST", "/groups/invites/{group}", "group.join", "/groups/invites/G", "", [404, 400, 400, 400, 400, 404]),
    ("DELETE", "/groups/invites/{group}", "group.join", "/groups/invites/G", "", [404, 400, 400, 400, 400, 404]),
    ("POST", "/groups/{group}/requests", "group.join", "/groups/G/requests", "", [200, 400, 400, 400, 400, 200]),
    ("DELETE", "/groups/{group}/requests", "group.join", "/groups/G/requests", "", [404; 6]),
    ("DELETE", "/groups/{group}/members", "group.leave", "/groups/G/members", "", SEEN),
    ("POST", "/groups/{group}/members/{user}/role/{role}", "group.members", "/groups/G/members/T/role/2", "", OWNER),
    ("DELETE", "/groups/{group}/members/{user}", "group.members", "/groups/G/members/T", "", MODERATORS),
    ("PUT", "/groups/{group}/requests/{user}", "group.members", "/groups/G/requests/R", "", MODERATORS),
    ("DELETE", "/groups/{group}/requests/{user}", "group.members", "/groups/G/requests/R", "", MODERATORS),
    ("POST", "/groups/{group}/invites/{user}", "group.invite", "/groups/G/invites/N", "", MEMBERS),
    ("DELETE", "/groups/{group}/invites/{user}", "group.invite", "/groups/G/invites/I", "", MEMBERS),
    ("POST", "/groups/{group}/bans/{user}", "group.members", "/groups/G/bans/T", "", OWNER),
    ("DELETE", "/groups/{group}/bans/{user}", "group.members", "/groups/G/bans/B", "", OWNER),
    ("GET", "/servers", "server.view", "/servers", "", ANYBODY),
    ("GET", "/servers/discover", "server.view", "/servers/discover", "", ANYBODY),
    ("GET", "/servers/joined", "server.view", "/servers/joined", "", ANYBODY),
    ("GET", "/servers/running", "server.view", "/servers/running", "", ANYBODY),
    ("GET", "/servers/online", "server.view", "/servers/online", "", ANYBODY),
    ("GET", "/servers/public", "server.view", "/servers/public", "", ANYBODY),
    ("GET", "/servers/open", "server.view", "/servers/open", "", ANYBODY),
    ("GET", "/servers/console", "server.view", "/servers/console", "", ANYBODY),
    ("GET", "/servers/control", "server.view", "/servers/control", "", ANYBODY),
    ("GET", "/servers/name/{name}", "server.view", "/servers/name/thornwood", "", ANYBODY),
    ("GET", "/servers/players/{user}", "server.view", "/servers/players/T", "", ANYBODY),
    ("GET", "/servers/favorites", "server.view", "/servers/favorites", "", ANYBODY),
    ("POST", "/servers/favorites/{server}", "server.view", "/servers/favorites/S", "", SEEN),
    ("DELETE", "/servers/favorites/{server}", "server.view", "/servers/favorites/S", "", SEEN),
    ("GET", "/servers/{server}", "server.view", "/servers/S", "", SEEN),
    ("POST", "/servers/{server}/console", "server.console", "/servers/S/console", "{}", [404, 403, 200, 200, 403, 404]),
    ("POST", "/servers/{server}/{user}/permissions/check", "server.view", "/servers/S/T/permissions/check", r#"{"permissions":["Kick"]}"#, SEEN),
    ("POST", "/users/search/username", "", "/users/search/username", r#"{"username":"target"}"#, USERS),
    ("GET", "/users/{user}", "", "/users/T", "", USERS),
    ("GET", "/users/{user}/statistics", "", "/users/T/statistics", "", USERS),
    ("GET", "/users/{user}/verification", "", "/users/T/verification", "", USERS),
    ("GET", "/friends", "", "/friends", "", USERS),
    ("GET", "/friends/{user}", "", "/friends/T", "", USERS),
    ("POST", "/friends/{user}", "", "/friends/T", "", USERS),
];

#[rustfmt::skip]
const MORE: [Row; 3] = [
    ("GET", "/friends/requests", "", "/friends/requests", "", USERS),
    ("GET", "/friends/requests/sent", "", "/friends/requests/sent", "", USERS),
    ("DELETE", "/friends/{user}", "", "/friends/T", "", [403, 403, 403, 403, 404, 404]),
];

fn rows() -> impl Iterator<Item = Row> {
    ROWS.into_iter().chain(MORE)
}

/// The routes of the table, below the base of REST.
pub(super) fn routes() -> impl Iterator<Item = (&'static str, String)> {
    rows().map(|(method, route, ..)| (method, format!("/api{route}")))
}

fn path_in(world: &World, path: &str) -> String {
    let [member, asker, guest, outcast, nobody] = world.others;
    let names = [
        ("G", world.group),
        ("S", world.server),
        ("T", member),
        ("R", asker),
        ("I", guest),
        ("B", outcast),
        ("N", nobody),
    ];
    let segments = path.split('/').map(|segment| {
        let found = names.iter().find(|(name, _)| *name == segment);
        found.map_or_else(|| segment.to_owned(), |(_, id)| id.to_string())
    });
    format!("/api{}", segments.collect::<Vec<_>>().join("/"))
}

/// All scopes except these.
fn without(scopes: &str) -> Scopes {
    let kept = SCOPES
        .iter()
        .filter(|name| !scopes.split(' ').any(|scope| scope == **name));
    let kept: Vec<&str> = kept.copied().collect();
    kept.join(" ").parse().unwrap()
}

#[tokio::test]
async fn nobody_uses_a_route_without_the_right_token() {
    let world = World::new(Limits::generous());
    let refused = refused(&world);
    let before = world.snapshot();
    for (method, _, _, path, body, _) in rows() {
        let path = path_in(&world, path);
        for headers in &refused {
            let (status, text) = world.call(method, &path, headers, body).await;
            assert_eq!(status, 401, "{method} {path} with {headers}: {text}");
        }
        let valid = bearer(&world.bot_token(world.bots[3], Scopes::ALL));
        let twice = format!("{}{valid}", bearer("garbage"));
        let (status, text) = world.call(method, &path, &twice, body).await;
        assert_eq!(status, 401, "{method} {path} with two tokens: {text}");
    }
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn each_caller_may_do_what_scope_and_role_allow() {
    for (method, _, scopes, path, body, expected) in rows() {
        for (nth, expected) in expected.into_iter().enumerate() {
            let world = World::new(Limits::generous());
            let before = world.snapshot();
            let token = match world.bots.get(nth) {
                Some(bot) => world.bot_token(*bot, Scopes::ALL),
                None => world.token(Identity::User(world.users[nth - 4]), Purpose::Access),
            };
            let path = path_in(&world, path);
            let (status, text) = world.call_as(&token, method, &path, body).await;
            assert_eq!(status, expected, "{method} {path} as {nth}: {text}");
            if status >= 400 || method == "GET" {
                assert_eq!(world.snapshot(), before, "{method} {path} as {nth}");
            }
            if nth == 0 || nth == 5 {
                assert!(!text.contains("Thornwood"), "{method} {path}: {text}");
                // Users find each other by name.
                let is_silent = nth == 5 || !text.contains("Target");
                assert!(is_silent, "{method} {path} tells a stranger: {text}");
            }
            if let Some(bot) = world.bots.get(nth) {
                let before = world.snapshot();
                let token = world.bot_token(*bot, without(scopes));
                let (status, text) = world.call_as(&token, method, &path, body).await;
                assert_eq!(
                    status, 403,
                    "{method} {path} as {nth} without {scopes}: {text}"
                );
                assert_eq!(world.snapshot(), before);
            }
        }
    }
}

#[tokio::test]
async fn nobody_rises_above_the_own_role() {
    let world = World::new(Limits::generous());
    let [_, member, moderator, owner] = world.bots;
    let group = world.group;
    // The role "Moderator" may now manage roles.
    let role = format!("/api/groups/{group}/roles/2");
    let permissions = r#"{"permissions":["Invite","Kick","ManageRoles",4]}"#;
    let founder = world.bot_token(owner, Scopes::ALL);
    let (status, text) = world.call_as(&founder, "PATCH", &role, permissions).await;
    assert_eq!(status, 200, "{text}");
    let keeper = world.bot_token(moderator, Scopes::ALL);
    let before = world.snapshot();
    for (method, path, body) in [
        ("POST", format!("members/{moderator}/role/7"), ""),
        ("POST", format!("members/{member}/role/7"), ""),
        ("POST", format!("members/{owner}/role/1"), ""),
        ("DELETE", format!("members/{owner}"), ""),
        ("PATCH", "roles/2".to_owned(), r#"{"permissions":["Ban"]}"#),
        ("PATCH", "roles/2".to_owned(), r#"{"permissions":[8]}"#),
        (
            "PATCH",
            "roles/7".to_owned(),
            r#"{"permissions":["Invite"]}"#,
        ),
    ] {
        let path = format!("/api/groups/{group}/{path}");
        let (status, text) = world.call_as(&keeper, method, &path, body).await;
        assert_eq!(status, 403, "{method} {path} {body}: {text}");
    }
    for body in [
        r#"{"permissions":"Ban"}"#,
        r#"{"permissions":["Rule"]}"#,
        r#"{"permissions":[{"a":1}]}"#,
        r#"{"allowed_commands":[[]]}"#,
        r#"{"name":[]}"#,
        r#"{"name":""}"#,
        r#"{"color":{}}"#,
    ] {
        let (status, text) = world.call_as(&founder, "PATCH", &role, body).await;
        assert_eq!(status, 400, "{body}: {text}");
    }
    assert_eq!(world.snapshot(), before);
    let (status, text) = world
        .call_as(
            &keeper,
            "POST",
            &format!("/api/groups/{group}/members/{member}/role/2"),
            "",
        )
        .await;
    assert_eq!(status, 200, "{text}");
    // A member who may invite cannot lift a ban.
    let invite = format!("/api/groups/{group}/invites/{}", world.others[3]);
    let (status, text) = world.call_as(&keeper, "POST", &invite, "").await;
    assert_eq!(status, 403, "{text}");
}
