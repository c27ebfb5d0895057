//! Replays REST exchanges of fixtures: a server sends the fixture's reply, the typed call is made, and its request and its result
//! are compared with the fixture.

mod calls;
mod client;
mod logins;
mod recorded;
mod returned;
mod sent;
mod server;
mod template;

pub(crate) use self::logins::LOGINS;
use self::recorded::Recorded;
use self::server::Server;
pub(crate) use self::template::endpoint_of;
use crate::Error;
use crate::fixture::Fixture;
use std::time::Duration;

/// A replay that takes longer fails.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Checks the exchange of a fixture; returns each check with its problems.
pub(crate) fn exchange(fixture: &Fixture) -> Vec<(String, Vec<String>)> {
    if !fixture.name.starts_with("rest/") {
        return Vec::new();
    }
    let problems = replay(fixture).unwrap_or_else(|error| vec![error.to_string()]);
    vec![("replay".to_owned(), problems)]
}

fn replay(fixture: &Fixture) -> Result<Vec<String>, Error> {
    let recorded = Recorded::read(&fixture.recording)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let server = Server::start(&recorded).await?;
        let made = tokio::time::timeout(TIMEOUT, make(&recorded, &server));
        let result = made.await.map_err(|_| "the call did not end")??;
        let mut problems = sent::problems(&recorded, &server.received().await);
        problems.extend(returned::problems(&recorded, &result));
        Ok(problems)
    })
}

/// Makes the fixture's call: a typed call, a login, or a raw call if there is no method.
async fn make(recorded: &Recorded, server: &Server) -> Result<returned::Returned, Error> {
    match logins::login(recorded, server)? {
        Some(login) => Ok(logins::make(login, recorded).await),
        None => calls::make(recorded, server).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// The problems of a changed fixture.
    fn found(name: &str, change: impl FnOnce(&mut Value)) -> Vec<String> {
        let path = crate::root().join(format!("fixtures/{name}.json"));
        let mut recording = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        change(&mut recording);
        replay(&Fixture {
            name: name.to_owned(),
            recording,
        })
        .unwrap_or_else(|error| vec![error.to_string()])
    }

    #[test]
    fn a_field_that_is_lost_or_changed_is_shown_as_a_difference() {
        let problems = found("rest/group-member", |recording| {
            recording["response"]["body"]["shoe_size"] = json!(43);
            recording["response"]["body"]["created_at"] = json!("2021-06-14T23:48:30.3930Z");
        });
        assert_eq!(
            problems,
            ["the reply, expected and read:\n\
                 - .created_at: \"2021-06-14T23:48:30.3930Z\"\n\
                 + .created_at: \"2021-06-14T23:48:30.393Z\"\n\
                 - .shoe_size: 43"]
        );
    }

    #[test]
    fn every_difference_of_a_request_is_found() {
        let problems = found("rest/group-update", |recording| {
            let request = &mut recording["request"];
            request["query"]["dry"] = json!("1");
            request["headers"]["x-more"] = json!("yes");
            request["body"]["motto"] = json!("more");
        });
        assert_eq!(problems.len(), 3, "{problems:?}");
        let problems = found("rest/servers-by-name", |recording| {
            recording["request"]["path"] = json!("/servers/name/Ashwick%27s%20server");
        });
        assert_eq!(problems.len(), 1, "{problems:?}");
    }

    #[test]
    fn a_repeated_or_additional_request_is_found() {
        let path = crate::root().join("fixtures/rest/invite-player.json");
        let recording = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let recorded = Recorded::read(&recording).unwrap();
        let sent = |method: &str, path: &str, query: &str| server::Sent {
            method: method.to_owned(),
            url: format!("http://localhost{path}{query}").parse().unwrap(),
            headers: [
                ("authorization", recorded.authorization().unwrap()),
                ("user-agent", "x"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
            body: Vec::new(),
        };
        let it = || sent("POST", &recorded.path(), "");
        assert_eq!(sent::problems(&recorded, &[it()]), [] as [&str; 0]);
        for wrong in [
            vec![],
            vec![it(), it()],
            vec![it(), sent("GET", "/api/groups/joined", "")],
            vec![sent("POST", &recorded.path(), "?limit=2&a=1")],
        ] {
            assert_eq!(sent::problems(&recorded, &wrong).len(), 1, "{wrong:?}");
        }
        let path = crate::root().join("fixtures/rest/joined-groups.json");
        let recording = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let recorded = Recorded::read(&recording).unwrap();
        let limit = &recorded.request.query["limit"];
        let twice = sent("GET", &recorded.path(), &format!("?limit={limit}&limit=7"));
        assert_eq!(sent::problems(&recorded, &[twice]).len(), 1);
    }

    #[test]
    fn an_error_with_other_content_is_found() {
        let problems = found("rest/error-401-expired-token", |recording| {
            recording["response"]["body"]["error_code"] = json!(["odd"]);
        });
        assert!(!problems.is_empty());
        let problems = found("rest/error-cut-body", |recording| {
            recording["response"]
                .as_object_mut()
                .unwrap()
                .remove("transfer");
        });
        assert_eq!(problems, [] as [&str; 0], "the whole body is read");
    }
}
