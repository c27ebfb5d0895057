use super::*;
use crate::state::{Config, HashCost, Identity, Purpose, Refusal};
use std::time::Duration;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn cloud() -> Cloud {
    let config = Config {
        hash_cost: HashCost::CHEAPEST,
        ..Config::default()
    };
    Cloud::new(config, 0)
}

fn hash(secret: &str) -> SecretHash {
    SecretHash::of_secret(secret, HashCost::CHEAPEST).unwrap()
}

fn bot(name: &str, client_id: &str) -> NewAccount {
    NewAccount {
        name: name.to_owned(),
        login: Login::Bot {
            client_id: client_id.to_owned(),
            scopes: Scopes::ALL,
        },
        user_id: None,
    }
}

fn user(name: &str, email: &str) -> NewAccount {
    NewAccount {
        name: name.to_owned(),
        login: Login::User {
            email: email.to_owned(),
        },
        user_id: None,
    }
}

#[test]
fn accounts_are_found_by_their_names_and_ids() {
    let mut cloud = cloud();
    let lamp = cloud
        .add_account(bot("Lamp", "client_1"), hash("a"), NOW)
        .unwrap();
    let wick = cloud
        .add_account(user("Wick", "wick@example.invalid"), hash("b"), NOW)
        .unwrap();
    assert_ne!(lamp, wick);
    let accounts = &cloud.accounts;
    let id = |account: Option<&Account>| account.map(|account| account.user_id);
    assert_eq!(id(accounts.bot("client_1")), Some(lamp));
    assert_eq!(id(accounts.named("lAMP")), Some(lamp));
    assert_eq!(id(accounts.user("wICK")), Some(wick));
    assert_eq!(id(accounts.user("Lamp")), None, "a bot is not a user");
    assert_eq!(
        id(accounts.user_by_email("Wick@example.invalid")),
        Some(wick)
    );
    assert_eq!(id(accounts.user_by_email("")), None);
    assert!(cloud.users.get(lamp).unwrap().bot);
    assert_eq!(cloud.username(wick), "Wick");
}

#[test]
fn taken_and_invalid_values_are_refused() {
    let mut cloud = cloud();
    cloud
        .add_account(bot("Lamp", "client_1"), hash("a"), NOW)
        .unwrap();
    let taken = user("Wick", "wick@example.invalid");
    let wick = cloud.add_account(taken, hash("b"), NOW).unwrap();
    let mut refused = |new: NewAccount| cloud.add_account(new, hash("c"), NOW).unwrap_err();
    assert_eq!(
        refused(bot("LAMP", "client_2")),
        AccountError::NameTaken("LAMP".to_owned())
    );
    assert_eq!(
        refused(bot("Post", "client_1")),
        AccountError::ClientIdTaken("client_1".to_owned())
    );
    assert!(matches!(
        refused(user("Other", "WICK@example.invalid")),
        AccountError::EmailTaken(_)
    ));
    for name in ["", " ", "a\nb", "\0", &"x".repeat(129)] {
        assert_eq!(
            refused(user(name, "")),
            AccountError::Invalid("name"),
            "{name:?}"
        );
    }
    assert_eq!(refused(bot("Post", "")), AccountError::Invalid("client id"));
    let with_id = |user_id| NewAccount {
        user_id: Some(user_id),
        ..user("Other", "")
    };
    assert_eq!(refused(with_id(0)), AccountError::Invalid("user id"));
    assert_eq!(refused(with_id(wick)), AccountError::IdTaken(wick));
    assert_eq!(cloud.accounts.iter().count(), 2);
}

#[test]
fn a_rotated_or_removed_account_has_no_valid_token() {
    let mut cloud = cloud();
    let id = cloud.add_account(user("Wick", ""), hash("a"), NOW).unwrap();
    let group = cloud.add_group("Thornwood Folk", id, NOW);
    let issue = |cloud: &mut Cloud| {
        let life = Duration::from_secs(60);
        cloud
            .tokens
            .user(Identity::User(id), "Wick", Purpose::Access, NOW, life)
    };
    let first = issue(&mut cloud);
    cloud.rotate(id, hash("b")).unwrap();
    assert_eq!(
        cloud.tokens.check(&first, NOW).unwrap_err(),
        Refusal::Expired
    );
    let second = issue(&mut cloud);
    assert!(cloud.tokens.check(&second, NOW).is_ok());
    assert_eq!(
        cloud.set_scopes(id, Scopes::ALL),
        Err(AccountError::NotABot(id))
    );
    cloud.remove_account(id, NOW).unwrap();
    assert_eq!(
        cloud.tokens.check(&second, NOW).unwrap_err(),
        Refusal::Expired
    );
    assert_eq!(cloud.groups[&group].membership(id), Some(Membership::Left));
    assert_eq!(cloud.rotate(id, hash("c")), Err(AccountError::Missing(id)));
    assert!(cloud.remove_account(id, NOW).is_err());
}

#[test]
fn no_debug_text_contains_a_hash() {
    let mut cloud = cloud();
    cloud.add_account(user("Wick", ""), hash("a"), NOW).unwrap();
    assert!(!format!("{cloud:?}").contains("argon2"));
}

#[tokio::test]
async fn a_login_needs_the_secret_of_the_account_at_its_end() {
    let mut cloud = cloud();
    let id = cloud.add_account(user("Wick", ""), hash("a"), NOW).unwrap();
    let check = |cloud: &Cloud| cloud.check(cloud.accounts.user("Wick"));
    assert!(check(&cloud).verify("b".to_owned()).await.is_none());
    assert!(check(&cloud).verify(String::new()).await.is_none());
    assert!(cloud.check(None).verify("a".to_owned()).await.is_none());
    let verified = check(&cloud).verify("a".to_owned()).await.unwrap();
    assert_eq!(
        cloud.verified(&verified).map(|account| account.user_id),
        Some(id)
    );
    cloud.rotate(id, hash("a")).unwrap();
    assert!(cloud.verified(&verified).is_none());
}
