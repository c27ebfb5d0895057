//! Tokens: shaped like the cloud's JWTs, known by their text.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Who a token speaks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Identity {
    Bot(u64),
    User(u64),
}

impl Identity {
    pub(crate) fn id(self) -> u64 {
        match self {
            Self::Bot(id) | Self::User(id) => id,
        }
    }
}

/// What a token is good for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Purpose {
    Access,
    Refresh,
    Identity,
    /// The console of one server.
    Console(u64),
}

/// A token that was given out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub(crate) identity: Identity,
    pub(crate) purpose: Purpose,
    pub(crate) expires: Timestamp,
}

/// What became of a look at a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    Missing,
    Unknown,
    Expired,
}

/// All tokens given out.
pub(crate) struct Tokens {
    given: HashMap<String, Grant>,
    issued: u64,
    key: u64,
}

/// Above this many, tokens that have expired are forgotten.
const PRUNE_ABOVE: usize = 10_000;

impl Tokens {
    pub(crate) fn new(key: u64) -> Self {
        Self {
            given: HashMap::new(),
            issued: 0,
            key,
        }
    }

    /// Gives out a token for a bot (claims as the token endpoint's).
    pub(crate) fn bot(
        &mut self,
        who: u64,
        username: &str,
        client_id: &str,
        scope: &[&str],
        now: Timestamp,
        life: Duration,
    ) -> String {
        let claims = json!({
            "client_sub": who.to_string(),
            "client_username": username,
            "client_bot": "true",
            "client_id": client_id,
            "scope": scope,
            "nbf": now.as_second(),
            "exp": (now + life).as_second(),
            "iss": "https://accounts.townshiptale.com",
            "aud": ["https://accounts.townshiptale.com/resources"],
        });
        self.give(
            claims,
            Grant {
                identity: Identity::Bot(who),
                purpose: Purpose::Access,
                expires: now + life,
            },
        )
    }

    /// Gives out one of a user's three tokens, or a console token.
    pub(crate) fn user(
        &mut self,
        identity: Identity,
        username: &str,
        purpose: Purpose,
        now: Timestamp,
        life: Duration,
    ) -> String {
        let claims = Self::user_claims(identity, username, purpose, now, life);
        self.give(
            claims,
            Grant {
                identity,
                purpose,
                expires: now + life,
            },
        )
    }

    /// Gives out a user's token by the password grant: the token endpoint names the user in `sub`, too.
    pub(crate) fn user_by_grant(
        &mut self,
        user: u64,
        username: &str,
        purpose: Purpose,
        now: Timestamp,
        life: Duration,
    ) -> String {
        let identity = Identity::User(user);
        let mut claims = Self::user_claims(identity, username, purpose, now, life);
        if let Some(claims) = claims.as_object_mut() {
            claims.insert("sub".to_owned(), Value::from(user.to_string()));
        }
        self.give(
            claims,
            Grant {
                identity,
                purpose,
                expires: now + life,
            },
        )
    }

    fn user_claims(
        identity: Identity,
        username: &str,
        purpose: Purpose,
        now: Timestamp,
        life: Duration,
    ) -> Value {
        let role = match purpose {
            Purpose::Access | Purpose::Console(_) => "Access",
            Purpose::Refresh => "Refresh",
            Purpose::Identity => "Identity",
        };
        let mut claims = json!({
            "UserId": identity.id().to_string(),
            "Username": username,
            "role": role,
            "is_verified": "True",
            "Policy": ["game_access_public", "server_access_tutorial"],
            "exp": (now + life).as_second(),
            "iss": "AltaWebAPI",
            "aud": "AltaClient",
        });
        if let (Purpose::Console(server), Some(claims)) = (purpose, claims.as_object_mut()) {
            claims.insert("server_id".to_owned(), Value::from(server.to_string()));
        }
        claims
    }

    fn give(&mut self, mut claims: Value, grant: Grant) -> String {
        self.issued += 1;
        if let Some(claims) = claims.as_object_mut() {
            claims.insert("jti".to_owned(), Value::from(self.issued.to_string()));
        }
        if self.given.len() >= PRUNE_ABOVE {
            let newest = grant.expires;
            self.given
                .retain(|_, old| old.expires.duration_until(newest).as_secs() < 86_400);
        }
        let token = encode(&claims, self.key);
        self.given.insert(token.clone(), grant);
        token
    }

    /// The token that a self-hosted server writes to `console_token.txt`: it stays the same and never expires.
    pub(crate) fn self_hosted(server: u64, key: u64) -> String {
        let claims = json!({
            "UserId": "0",
            "Username": "Server",
            "role": "Access",
            "is_verified": "True",
            "is_member": "True",
            "server_id": "-1",
            "Policy": [
                "offline", "play_offline", "server_access_pre_alpha", "game_access_public", "server_owner",
                "debug_features", "database_admin", "reuse_refresh_tokens",
            ],
            "exp": 9_999_999_999_u64,
            "iss": "AltaWebAPI",
            "aud": "AltaClient",
        });
        encode(&claims, key.wrapping_add(server))
    }

    /// Looks a token up.
    pub(crate) fn check(&self, token: &str, now: Timestamp) -> Result<Grant, Refusal> {
        let grant = self.given.get(token).ok_or(Refusal::Unknown)?;
        if grant.expires <= now {
            Err(Refusal::Expired)
        } else {
            Ok(*grant)
        }
    }

    /// Looks up what an `Authorization` header holds.
    pub(crate) fn check_header(
        &self,
        header: Option<&str>,
        now: Timestamp,
    ) -> Result<Grant, Refusal> {
        let header = header.ok_or(Refusal::Missing)?;
        let (scheme, token) = header.split_once(' ').ok_or(Refusal::Missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Refusal::Missing);
        }
        self.check(token.trim(), now)
    }

    /// Ends every token given out so far.
    pub(crate) fn expire_all(&mut self, now: Timestamp) {
        for grant in self.given.values_mut() {
            grant.expires = grant.expires.min(now);
        }
    }
}

/// Header, claims and signature in base64url. The signature is none that a client could check.
fn encode(claims: &Value, key: u64) -> String {
    let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let body = URL_SAFE_NO_PAD.encode(claims.to_string());
    let signature = URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{key}.{head}.{body}")));
    format!("{head}.{body}.{signature}")
}
