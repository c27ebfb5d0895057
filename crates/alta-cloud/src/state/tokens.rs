//! Tokens. They have the form of the real service's JWTs and are looked up by their text.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

/// The account that a token belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Identity {
    /// A bot account, with its user id.
    Bot(u64),
    /// A user account, with its user id.
    User(u64),
}

impl Identity {
    /// The user id.
    pub fn id(self) -> u64 {
        match self {
            Self::Bot(id) | Self::User(id) => id,
        }
    }
}

/// The use of a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purpose {
    /// Requests to REST and the main websocket.
    Access,
    /// Renewing the tokens of a user.
    Refresh,
    /// Proving the identity of a user.
    Identity,
    /// The console of one server.
    Console(u64),
}

/// The rights of an issued token.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    /// The account.
    pub identity: Identity,
    /// The use.
    pub purpose: Purpose,
    /// The end of its life.
    pub expires: Timestamp,
}

impl Grant {
    fn new(identity: Identity, purpose: Purpose, expires: Timestamp) -> Self {
        Self {
            identity,
            purpose,
            expires,
        }
    }
}

/// The reason why a token is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// The request has no token.
    Missing,
    /// The service has not issued this token.
    Unknown,
    /// The life of the token is over.
    Expired,
}

/// All issued tokens.
pub struct Tokens {
    grants: HashMap<String, Grant>,
    issued: u64,
    key: u64,
}

impl fmt::Debug for Tokens {
    /// Hides the tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("issued", &self.issued)
            .finish_non_exhaustive()
    }
}

/// Above this number of tokens, those that expired a day ago are dropped.
const PRUNE_ABOVE: usize = 10_000;

impl Tokens {
    /// No tokens; `key` makes the signatures differ between services.
    pub(crate) fn new(key: u64) -> Self {
        Self {
            grants: HashMap::new(),
            issued: 0,
            key,
        }
    }

    /// Issues an access token for a bot, with the claims of the token endpoint.
    pub fn bot(
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
        let grant = Grant::new(Identity::Bot(who), Purpose::Access, now + life);
        self.issue(claims, grant)
    }

    /// Issues a console token or one of a user's three tokens.
    pub fn user(
        &mut self,
        identity: Identity,
        username: &str,
        purpose: Purpose,
        now: Timestamp,
        life: Duration,
    ) -> String {
        let claims = Self::user_claims(identity, username, purpose, now, life);
        self.issue(claims, Grant::new(identity, purpose, now + life))
    }

    /// Issues a user's token for the password grant: its claims also name the user in `sub`.
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
        self.issue(claims, Grant::new(identity, purpose, now + life))
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

    fn issue(&mut self, mut claims: Value, grant: Grant) -> String {
        self.issued += 1;
        if let Some(claims) = claims.as_object_mut() {
            claims.insert("jti".to_owned(), Value::from(self.issued.to_string()));
        }
        if self.grants.len() >= PRUNE_ABOVE {
            let newest = grant.expires;
            self.grants
                .retain(|_, old| old.expires.duration_until(newest).as_secs() < 86_400);
        }
        let token = encode(&claims, self.key);
        self.grants.insert(token.clone(), grant);
        token
    }

    /// Finds the grant of a token.
    ///
    /// # Errors
    ///
    /// The token is unknown or expired.
    pub fn check(&self, token: &str, now: Timestamp) -> Result<Grant, Refusal> {
        let grant = self.grants.get(token).ok_or(Refusal::Unknown)?;
        if grant.expires <= now {
            Err(Refusal::Expired)
        } else {
            Ok(*grant)
        }
    }

    /// Finds the grant of the bearer token in an `Authorization` header.
    ///
    /// # Errors
    ///
    /// There is no bearer token, or it is unknown or expired.
    pub fn check_header(&self, header: Option<&str>, now: Timestamp) -> Result<Grant, Refusal> {
        let header = header.ok_or(Refusal::Missing)?;
        let (scheme, token) = header.split_once(' ').ok_or(Refusal::Missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Refusal::Missing);
        }
        self.check(token.trim(), now)
    }

    /// Ends the life of every token issued so far.
    pub fn expire_all(&mut self, now: Timestamp) {
        for grant in self.grants.values_mut() {
            grant.expires = grant.expires.min(now);
        }
    }
}

/// Header, claims and signature in base64url. No client can verify the signature.
pub fn encode(claims: &Value, key: u64) -> String {
    let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let body = URL_SAFE_NO_PAD.encode(claims.to_string());
    let signature = URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{key}.{head}.{body}")));
    format!("{head}.{body}.{signature}")
}
