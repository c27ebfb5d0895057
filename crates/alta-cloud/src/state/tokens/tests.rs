use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const HOUR: Duration = Duration::from_secs(3_600);
const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn tokens() -> Tokens {
    Tokens::new(SigningKey::from_seed(1))
}

fn claims(token: &str) -> Value {
    let body = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
}

/// The token with other claims and the old signature.
fn forged(token: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut claims = claims(token);
    change(&mut claims);
    let parts: Vec<&str> = token.split('.').collect();
    let body = URL_SAFE_NO_PAD.encode(claims.to_string());
    format!("{}.{body}.{}", parts[0], parts[2])
}

#[test]
fn a_token_has_the_grant_it_was_issued_for() {
    let mut tokens = tokens();
    let scopes: Scopes = "group.info server.view".parse().unwrap();
    let token = tokens.bot(11, "Lamp", "client_1", scopes, NOW, HOUR);
    let grant = tokens.check(&token, NOW).unwrap();
    assert_eq!(grant.identity, Identity::Bot(11));
    assert_eq!(grant.purpose, Purpose::Access);
    assert_eq!(grant.scopes, scopes);
    assert_eq!(grant.expires, NOW + HOUR);
    assert_eq!(claims(&token)["client_sub"], "11");
    assert_eq!(claims(&token)["exp"], 3_600);
    for purpose in [
        Purpose::Access,
        Purpose::Refresh,
        Purpose::Identity,
        Purpose::Console(7),
    ] {
        for identity in [Identity::Bot(3), Identity::User(3)] {
            let token = tokens.user(identity, "Wick", purpose, NOW, HOUR);
            let grant = tokens.check(&token, NOW).unwrap();
            assert_eq!((grant.identity, grant.purpose), (identity, purpose));
            assert_eq!(grant.scopes, Scopes::ALL);
        }
    }
}

#[test]
fn a_token_ends_with_its_life() {
    let mut tokens = tokens();
    let life = Duration::from_millis(1_500);
    let token = tokens.user(Identity::User(1), "Wick", Purpose::Access, NOW, life);
    let check = |millis| tokens.check(&token, NOW + Duration::from_millis(millis));
    assert!(check(1_499).is_ok());
    assert_eq!(check(1_500).unwrap_err(), Refusal::Expired);
}

#[test]
fn revoking_ends_the_older_tokens_of_one_account_or_of_all() {
    let mut tokens = tokens();
    let issue = |tokens: &mut Tokens, id| {
        tokens.user(Identity::User(id), "Wick", Purpose::Access, NOW, HOUR)
    };
    let (first, other) = (issue(&mut tokens, 1), issue(&mut tokens, 2));
    tokens.revoke(1);
    assert_eq!(tokens.check(&first, NOW).unwrap_err(), Refusal::Expired);
    assert!(tokens.check(&other, NOW).is_ok());
    let second = issue(&mut tokens, 1);
    assert!(tokens.check(&second, NOW).is_ok());
    tokens.expire_all();
    for token in [&second, &other] {
        assert_eq!(tokens.check(token, NOW).unwrap_err(), Refusal::Expired);
    }
    let newest = issue(&mut tokens, 2);
    assert!(tokens.check(&newest, NOW).is_ok());
}

#[test]
fn tokens_of_others_and_changed_tokens_are_unknown() {
    let mut tokens = tokens();
    let good = tokens.user(Identity::User(1), "Wick", Purpose::Identity, NOW, HOUR);
    let foreign = Tokens::new(SigningKey::from_seed(2)).user(
        Identity::User(1),
        "Wick",
        Purpose::Access,
        NOW,
        HOUR,
    );
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let body = good.split('.').nth(1).unwrap();
    let mut wrong = vec![
        foreign,
        forged(&good, |claims| claims["account_id"] = 2.into()),
        forged(&good, |claims| claims["purpose"] = "access".into()),
        forged(&good, |claims| {
            claims["expires"] = "2999-01-01T00:00:00Z".into();
        }),
        format!("{}.{body}.", part(r#"{"alg":"none","typ":"JWT"}"#)),
        format!("{}.{body}.AAAA", part(r#"{"alg":"HS512","typ":"JWT"}"#)),
        format!("{}.{body}.AAAA", part(r#"{"alg":"RS256","typ":"JWT"}"#)),
        // Signed by the key, but not issued as a token of an account.
        encode(
            &json!({"UserId": "1", "exp": 9_999_999_999_u64}),
            &tokens.key,
        ),
    ];
    wrong.extend(["", ".", "..", "...", "a.b.c", "\0", "é.é.é"].map(str::to_owned));
    wrong.push("a".repeat(1_000_000));
    wrong.extend((0..good.len()).map(|length| good[..length].to_owned()));
    for token in &wrong {
        assert_eq!(tokens.check(token, NOW).unwrap_err(), Refusal::Unknown);
    }
    assert!(tokens.check(&good, NOW).is_ok());
}

#[test]
fn a_header_needs_the_bearer_scheme() {
    let mut tokens = tokens();
    let token = tokens.user(Identity::User(1), "Wick", Purpose::Access, NOW, HOUR);
    let check = |header: Option<&str>| tokens.check_header(header, NOW).map(|_| ());
    assert_eq!(check(Some(&format!("bearer {token} "))), Ok(()));
    assert_eq!(check(None), Err(Refusal::Missing));
    assert_eq!(check(Some(&token)), Err(Refusal::Missing));
    assert_eq!(
        check(Some(&format!("Basic {token}"))),
        Err(Refusal::Missing)
    );
    assert_eq!(check(Some("Bearer ")), Err(Refusal::Unknown));
}
