//! Tokens: JWTs with the claims of the real service. They are not stored: a valid signature proves that the service has issued
//! them, and generations revoke them.

use super::hs256;
use super::scopes::Scopes;
use super::secrets::{HashError, random};
use super::table::Table;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
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
    /// The scopes of a bot's access token. Other tokens have all scopes.
    pub scopes: Scopes,
}

/// The reason why a token is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// The request has no token.
    Missing,
    /// The service has not issued this token.
    Unknown,
    /// The life of the token is over, or the token is revoked.
    Expired,
}

/// The key that signs tokens.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct SigningKey([u8; 32]);

impl fmt::Debug for SigningKey {
    /// Hides the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

impl SigningKey {
    /// A random key.
    ///
    /// # Errors
    ///
    /// The system has no random bytes.
    pub fn random() -> Result<Self, HashError> {
        random().map(Self)
    }

    /// A number that depends on the key.
    pub(crate) fn to_seed(&self) -> u64 {
        self.0
            .iter()
            .fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
    }

    /// The key that belongs to a seed. Everybody can compute it.
    pub fn from_seed(seed: u64) -> Self {
        Self(Sha256::digest(seed.to_le_bytes()).into())
    }
}

/// In [`Tokens::generations`], the generation of the service. No account has this id.
const SERVICE: u64 = 0;

/// The tokens of a service: issues and checks them.
pub struct Tokens {
    key: SigningKey,
    /// How often the tokens of an account, or of the service, were revoked.
    pub(crate) generations: Table<u64, u64>,
    issued: u64,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("issued", &self.issued)
            .finish_non_exhaustive()
    }
}

impl Tokens {
    pub(super) fn new(key: SigningKey) -> Self {
        Self {
            key,
            generations: Table::default(),
            issued: 0,
        }
    }

    /// Issues an access token for a bot, with the claims of the token endpoint.
    pub fn bot(
        &mut self,
        who: u64,
        username: &str,
        client_id: &str,
        scopes: Scopes,
        now: Timestamp,
        life: Duration,
    ) -> String {
        let claims = json!({
            "client_sub": who.to_string(),
            "client_username": username,
            "client_bot": "true",
            "client_id": client_id,
            "scope": scopes.names().collect::<Vec<_>>(),
            "nbf": now.as_second(),
            "iss": "https://accounts.townshiptale.com",
            "aud": ["https://accounts.townshiptale.com/resources"],
        });
        self.issue(claims, Identity::Bot(who), Purpose::Access, now + life)
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
        let claims = Self::user_claims(identity, username, purpose);
        self.issue(claims, identity, purpose, now + life)
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
        let mut claims = Self::user_claims(identity, username, purpose);
        add(&mut claims, "sub", user.to_string());
        self.issue(claims, identity, purpose, now + life)
    }

    fn user_claims(identity: Identity, username: &str, purpose: Purpose) -> Value {
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
            "iss": "AltaWebAPI",
            "aud": "AltaClient",
        });
        if let Purpose::Console(server) = purpose {
            add(&mut claims, "server_id", server.to_string());
        }
        claims
    }

    /// Adds the claims that [`check`](Self::check) reads, and signs.
    fn issue(
        &mut self,
        mut claims: Value,
        identity: Identity,
        purpose: Purpose,
        expires: Timestamp,
    ) -> String {
        self.issued += 1;
        let (kind, id) = match identity {
            Identity::Bot(id) => ("bot", id),
            Identity::User(id) => ("user", id),
        };
        let purpose = match purpose {
            Purpose::Access => "access",
            Purpose::Refresh => "refresh",
            Purpose::Identity => "identity",
            Purpose::Console(_) => "console",
        };
        add(&mut claims, "exp", expires.as_second());
        // Nanoseconds, because tests have lives below a second.
        add(&mut claims, "expires", expires.to_string());
        add(&mut claims, "jti", self.issued.to_string());
        add(&mut claims, "account", kind);
        add(&mut claims, "account_id", id);
        add(&mut claims, "purpose", purpose);
        add(&mut claims, "generation", self.generation(id));
        add(&mut claims, "service_generation", self.generation(SERVICE));
        encode(&claims, &self.key)
    }

    /// The generation of an account's tokens: it is another one after they were revoked.
    pub(crate) fn generation(&self, account: u64) -> u64 {
        self.generations.get(&account).copied().unwrap_or_default()
    }

    /// Finds the grant of a token.
    ///
    /// # Errors
    ///
    /// The token is not one of this service, is expired, or is revoked.
    pub fn check(&self, token: &str, now: Timestamp) -> Result<Grant, Refusal> {
        hs256::install();
        let key = DecodingKey::from_secret(&self.key.0).map_err(|_| Refusal::Unknown)?;
        let mut validation = Validation::new(Algorithm::HS256);
        // The clock of the service is not the one of the system, and the key signs for one audience only.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation)
            .map_err(|_| Refusal::Unknown)?
            .claims;
        let grant = claims.grant().ok_or(Refusal::Unknown)?;
        let is_revoked = claims.generation != self.generation(claims.account_id)
            || claims.service_generation != self.generation(SERVICE);
        if is_revoked || grant.expires <= now {
            return Err(Refusal::Expired);
        }
        Ok(grant)
    }

    /// Finds the grant of the bearer token in an `Authorization` header.
    ///
    /// # Errors
    ///
    /// There is no bearer token, or it is not one of this service, is expired, or is revoked.
    pub fn check_header(&self, header: Option<&str>, now: Timestamp) -> Result<Grant, Refusal> {
        let header = header.ok_or(Refusal::Missing)?;
        let (scheme, token) = header.split_once(' ').ok_or(Refusal::Missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Refusal::Missing);
        }
        self.check(token.trim(), now)
    }

    /// Ends the life of every token issued so far.
    pub fn expire_all(&mut self) {
        self.revoke(SERVICE);
    }

    /// Ends the life of every token of an account issued so far.
    pub(super) fn revoke(&mut self, account: u64) {
        let generation = self.generation(account);
        self.generations.insert(account, generation + 1);
    }
}

/// The claims that determine the grant of a token.
#[derive(Deserialize)]
struct Claims {
    account: String,
    account_id: u64,
    purpose: String,
    expires: Timestamp,
    generation: u64,
    service_generation: u64,
    #[serde(default)]
    server_id: Option<String>,
    #[serde(default)]
    scope: Option<Vec<String>>,
}

impl Claims {
    fn grant(&self) -> Option<Grant> {
        let identity = match self.account.as_str() {
            "bot" => Identity::Bot(self.account_id),
            "user" => Identity::User(self.account_id),
            _ => return None,
        };
        let purpose = match self.purpose.as_str() {
            "access" => Purpose::Access,
            "refresh" => Purpose::Refresh,
            "identity" => Purpose::Identity,
            "console" => Purpose::Console(self.server_id.as_deref()?.parse().ok()?),
            _ => return None,
        };
        let scopes = match &self.scope {
            Some(names) => names.join(" ").parse().ok()?,
            None => Scopes::ALL,
        };
        Some(Grant {
            identity,
            purpose,
            expires: self.expires,
            scopes,
        })
    }
}

fn add(claims: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(claims) = claims.as_object_mut() {
        claims.insert(name.to_owned(), value.into());
    }
}

/// A JWT with these claims, signed with HMAC-SHA-256.
pub fn encode(claims: &Value, key: &SigningKey) -> String {
    hs256::install();
    let token = EncodingKey::from_secret(&key.0)
        .and_then(|key| jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key));
    // Signing fails only in a program that has installed algorithms without this one. No service accepts an empty token.
    token.unwrap_or_default()
}

#[cfg(test)]
mod tests;
