use alta_model::{ServerId, Timestamp, UserId, json};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Map, Value};
use std::fmt;

/// The claims of a token.
///
/// One decoder reads the tokens of bots, users and consoles: a claim may be a string, a number, a bool or an array, ids are
/// strings of digits, and names are matched exactly first, then without regard to case. The claims are not verified: only
/// the services can check the signature.
///
/// `Debug` shows only the account and the expiry, because other claims contain e-mail addresses.
#[derive(Clone, PartialEq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// Decodes the payload of a JWT; none if the string is not a JWT.
    pub fn from_jwt(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (_header, payload) = (parts.next()?, parts.next()?);
        // The standard is the URL alphabet without padding; the other variants are accepted.
        let payload: String = payload
            .trim_end_matches('=')
            .chars()
            .map(|c| match c {
                '-' => '+',
                '_' => '/',
                other => other,
            })
            .collect();
        let payload = STANDARD_NO_PAD.decode(payload).ok()?;
        let payload = String::from_utf8_lossy(&payload);
        json::from_str(&payload).ok().map(Self)
    }

    /// The id of the account: `client_sub` of a bot (att-client, js-tale), `UserId` of a user, else `sub`.
    pub fn user_id(&self) -> Option<UserId> {
        ["client_sub", "UserId", "sub"]
            .iter()
            .find_map(|name| self.integer(name))
            .map(UserId::new)
    }

    /// The name of the account: `client_username` of a bot, `Username` of a user.
    pub fn username(&self) -> Option<&str> {
        ["client_username", "Username"]
            .iter()
            .find_map(|name| self.text(name))
    }

    /// The client id of a bot.
    pub fn client_id(&self) -> Option<&str> {
        self.text("client_id")
    }

    /// Returns whether it is a bot's token.
    pub fn is_bot(&self) -> bool {
        self.get("client_sub").is_some() || self.bool("client_bot")
    }

    /// Returns whether the user's e-mail address is verified. `"False"` means no, although other clients read the presence of the
    /// claim as yes.
    pub fn is_verified(&self) -> bool {
        self.bool("is_verified")
    }

    /// The server of a console's token; -1 on self-hosted servers (TavernLib).
    pub fn server_id(&self) -> Option<ServerId> {
        self.integer("server_id").map(ServerId::new)
    }

    /// The expiry of the token (`exp`).
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.time("exp")
    }

    /// The start of its validity (`nbf`, else `iat`).
    pub fn valid_from(&self) -> Option<Timestamp> {
        self.time("nbf").or_else(|| self.time("iat"))
    }

    /// The scopes of a bot (`scope`): an array, or one string with spaces.
    pub fn scopes(&self) -> Vec<&str> {
        self.list("scope", char::is_whitespace)
    }

    /// The policies of a user (`Policy`): an array, or one string with commas.
    pub fn policies(&self) -> Vec<&str> {
        self.list("Policy", |c| c == ',' || c.is_whitespace())
    }

    /// All claims as received.
    pub fn raw(&self) -> &Map<String, Value> {
        &self.0
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0
            .get(name)
            .or_else(|| {
                self.0
                    .iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value)
            })
            .filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::String(text) => Some(text),
            Value::Array(list) => list.first()?.as_str(),
            _ => None,
        }
    }

    fn integer(&self, name: &str) -> Option<i64> {
        let value = match self.get(name)? {
            Value::Array(list) => list.first()?,
            value => value,
        };
        match value {
            Value::Number(number) => number.as_i64().or_else(|| {
                let number = number.as_f64()?;
                #[allow(
                    clippy::cast_possible_truncation,
                    reason = "in range and whole seconds"
                )]
                (number.abs() < 1e15).then_some(number as i64)
            }),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    fn time(&self, name: &str) -> Option<Timestamp> {
        Timestamp::from_unix_seconds(self.integer(name)?)
    }

    fn bool(&self, name: &str) -> bool {
        match self.get(name) {
            Some(Value::Bool(value)) => *value,
            Some(Value::String(text)) => text.trim().eq_ignore_ascii_case("true"),
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            _ => false,
        }
    }

    fn list(&self, name: &str, separator: fn(char) -> bool) -> Vec<&str> {
        let strings: Vec<&str> = match self.get(name) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        strings
            .into_iter()
            .flat_map(|text| text.split(separator))
            .filter(|text| !text.is_empty())
            .collect()
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("user_id", &self.user_id())
            .field("username", &self.username())
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
    use serde_json::json;

    fn claims(claims: &Value) -> Claims {
        let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
        Claims::from_jwt(&format!("e30.{payload}.c2ln")).unwrap()
    }

    #[test]
    fn a_bots_token_is_read() {
        let claims = claims(&json!({
            "client_sub": "120000011", "client_username": "Hedge_Bot", "client_bot": "true",
            "client_id": "client_1", "scope": ["ws.group", "server.view"], "sub": "7",
            "nbf": 1_700_000_000, "exp": 1_700_003_600, "aud": ["a", "b"],
        }));
        assert_eq!(claims.user_id(), Some(UserId::new(120_000_011)));
        assert_eq!(claims.username(), Some("Hedge_Bot"));
        assert_eq!(claims.client_id(), Some("client_1"));
        assert!(claims.is_bot());
        assert_eq!(claims.scopes(), ["ws.group", "server.view"]);
        assert_eq!(claims.expires_at().unwrap().unix_seconds(), 1_700_003_600);
        assert_eq!(claims.valid_from().unwrap().unix_seconds(), 1_700_000_000);
        assert_eq!(claims.policies(), [""; 0]);
    }

    #[test]
    fn half_a_character_in_a_name_hides_no_claim() {
        let payload =
            URL_SAFE_NO_PAD.encode(r#"{"Username":"Fox\ud83d","UserId":"7","exp":1700003600}"#);
        let claims = Claims::from_jwt(&format!("e30.{payload}.c2ln")).unwrap();
        assert_eq!(claims.username(), Some("Fox\u{fffd}"));
        assert_eq!(claims.user_id(), Some(UserId::new(7)));
        assert_eq!(claims.expires_at().unwrap().unix_seconds(), 1_700_003_600);
    }

    #[test]
    fn a_users_token_is_read_by_the_same_decoder() {
        let claims = claims(&json!({
            "UserId": "120000012", "Username": "Ashwick", "role": "Access", "is_verified": "True",
            "Policy": "supporter, server_owner", "exp": "1700003600", "scope": "a b",
        }));
        assert_eq!(claims.user_id(), Some(UserId::new(120_000_012)));
        assert_eq!(claims.username(), Some("Ashwick"));
        assert!(!claims.is_bot() && claims.is_verified());
        assert_eq!(claims.policies(), ["supporter", "server_owner"]);
        assert_eq!(claims.scopes(), ["a", "b"]);
        assert_eq!(claims.expires_at().unwrap().unix_seconds(), 1_700_003_600);
    }

    #[test]
    fn a_self_hosted_console_token_outlives_32_bits() {
        let claims = claims(&json!({
            "UserId": "0", "Username": "Server", "server_id": "-1", "exp": 9_999_999_999_i64,
            "Policy": ["offline", "server_owner"], "is_verified": "False",
        }));
        assert_eq!(claims.user_id(), Some(UserId::new(0)));
        assert_eq!(claims.server_id(), Some(ServerId::new(-1)));
        assert_eq!(claims.expires_at().unwrap().unix_seconds(), 9_999_999_999);
        assert!(!claims.is_verified());
    }

    #[test]
    fn claims_of_other_types_are_absent_and_not_an_error() {
        let claims = claims(&json!({
            "client_sub": {}, "sub": 12.0, "exp": true, "nbf": 1e300, "scope": 5, "Policy": [1, "mod"],
        }));
        assert_eq!(claims.user_id(), Some(UserId::new(12)));
        assert_eq!((claims.expires_at(), claims.valid_from()), (None, None));
        assert_eq!(claims.scopes(), [""; 0]);
        assert_eq!(claims.policies(), ["mod"]);
    }

    #[test]
    fn padding_and_both_alphabets_are_read() {
        let payload = json!({"sub": "1", "name": "\u{fb}\u{ff}??>>"}).to_string();
        for text in [
            URL_SAFE.encode(&payload),
            URL_SAFE_NO_PAD.encode(&payload),
            STANDARD_NO_PAD.encode(&payload),
        ] {
            let claims = Claims::from_jwt(&format!("e30.{text}")).unwrap();
            assert_eq!(claims.user_id(), Some(UserId::new(1)));
        }
    }

    #[test]
    fn debug_shows_no_e_mail_address() {
        let claims = claims(&json!({"UserId": "5", "email": "ashwick@example.org"}));
        assert!(!format!("{claims:?}").contains("example.org"));
        assert_eq!(claims.raw()["email"], "ashwick@example.org");
    }
}
