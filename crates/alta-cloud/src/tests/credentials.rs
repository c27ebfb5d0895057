//! Credentials that no route accepts.

use super::support::World;
use crate::Host as _;
use crate::net::Limits;
use crate::state::{HashCost, Identity, Login, NewAccount, Purpose, Scopes, SecretHash};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::time::Duration;

pub(super) fn bearer(token: &str) -> String {
    format!("authorization: Bearer {token}\r\n")
}

/// The headers of requests without a usable access token. The tokens of the world that were issued before have ended.
pub(super) fn refused(world: &World) -> Vec<String> {
    let mut headers = worthless(world);
    for identity in [Identity::User(world.users[0]), Identity::Bot(world.bots[3])] {
        for purpose in [
            Purpose::Console(world.server),
            Purpose::Refresh,
            Purpose::Identity,
        ] {
            headers.push(bearer(&world.token(identity, purpose)));
        }
    }
    headers
}

/// The same without the tokens that have another use.
pub(super) fn worthless(world: &World) -> Vec<String> {
    let foreign = World::seeded(Limits::generous(), 8).bot_token(world.bots[3], Scopes::ALL);
    let mut tokens = ended(world);
    tokens.extend(forged(world));
    tokens.extend(["", "garbage", "a.b.c"].map(str::to_owned));
    tokens.extend([foreign, "x".repeat(9_000)]);
    let mut headers: Vec<String> = tokens.iter().map(|token| bearer(token)).collect();
    let valid = world.bot_token(world.bots[3], Scopes::ALL);
    headers.extend([
        String::new(),
        format!("authorization: Basic {valid}\r\n"),
        format!("x-authorization: Bearer {valid}\r\n"),
    ]);
    headers
}

/// Tokens that were valid: expired, and revoked in each way.
fn ended(world: &World) -> Vec<String> {
    let bot = |nth: usize| world.bot_token(world.bots[nth], Scopes::ALL);
    let user = |id| world.token(Identity::User(id), Purpose::Access);
    let hash = || SecretHash::of_secret("other", HashCost::CHEAPEST).unwrap();
    let (service, member) = (&world.service, world.users[0]);
    let mut ended = vec![bot(3), user(member)];
    world.env().clock.advance(Duration::from_secs(7_200));
    ended.extend([bot(1), user(world.users[1])]);
    service.with_cloud(|cloud, _| cloud.tokens.expire_all());
    // Each of the others is revoked once.
    ended.extend([bot(2), bot(3), user(member)]);
    service.with_cloud(|cloud, _| {
        cloud.set_scopes(world.bots[2], Scopes::ALL).unwrap();
        cloud.rotate(world.bots[3], hash()).unwrap();
        cloud.rotate(member, hash()).unwrap();
    });
    let email = String::new();
    let new = NewAccount {
        name: "Brief".to_owned(),
        login: Login::User { email },
        user_id: None,
    };
    let brief = service.with_cloud(|cloud, now| cloud.add_account(new, hash(), now).unwrap());
    ended.push(user(brief));
    service.with_cloud(|cloud, now| cloud.remove_account(brief, now).unwrap());
    ended
}

/// A valid token without its signature, with another one, and with other claims.
fn forged(world: &World) -> [String; 3] {
    let valid = world.bot_token(world.bots[0], Scopes::NONE);
    let mut parts = valid.split('.');
    let mut part = || parts.next().unwrap();
    let (head, claims, signature) = (part(), part(), part());
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let raised = String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    let (from, to) = (world.bots[0].to_string(), world.bots[3].to_string());
    let raised = URL_SAFE_NO_PAD.encode(raised.replace(&from, &to));
    [
        format!("{none}.{claims}."),
        format!("{head}.{claims}.{}", signature.to_lowercase()),
        format!("{head}.{raised}.{signature}"),
    ]
}
