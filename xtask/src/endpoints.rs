//! `cargo xtask endpoints`: `docs/endpoints.md`, generated from the typed calls, and the comparison with the list of the API's
//! endpoints.

mod shapes;

use crate::fixture::{self, Fixture};
use crate::replay_rest::{LOGINS, endpoint_of};
use crate::{Error, root};
use alta_rest::{Account, EndpointInfo};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// A line of `fixtures/rest-endpoints.txt`.
struct Listed {
    method: String,
    path: String,
    account: String,
}

/// Writes the page. With `check`, fails if the page is not current.
pub(crate) fn run(check: bool) -> Result<(), Error> {
    let text = page(&fixture::load()?)?;
    if !check {
        fs::write(file(), text)?;
        return Ok(());
    }
    if fs::read_to_string(file())? != text {
        return Err("docs/endpoints.md is not current: run `cargo xtask endpoints`".into());
    }
    Ok(())
}

fn file() -> PathBuf {
    root().join("docs/endpoints.md")
}

/// The listed endpoints without a method, without a fixture of their success, or with another account; and the kinds of errors
/// without a fixture.
pub(crate) fn missing(fixtures: &[Fixture]) -> Result<Vec<String>, Error> {
    let recorded: BTreeSet<(String, String)> = fixtures.iter().filter_map(success).collect();
    let mut missing = shapes::missing(fixtures);
    for line in listed()? {
        let name = format!("{} {}", line.method, line.path);
        match made_by(&line) {
            None => missing.push(format!("{name}: no method")),
            Some((path, accounts)) => {
                if !accounts.contains(&line.account.as_str()) {
                    missing.push(format!(
                        "{name}: called as {accounts:?}, listed as {}",
                        line.account
                    ));
                }
                if !recorded.contains(&(line.method.clone(), path)) {
                    missing.push(format!("{name}: no fixture of a success"));
                }
            }
        }
    }
    Ok(missing)
}

/// The path of the method of a listed call, and the accounts with which it may be listed.
fn made_by(line: &Listed) -> Option<(String, &'static [&'static str])> {
    let login = LOGINS
        .iter()
        .find(|login| login.0 == line.method && login.1 == line.path);
    if let Some(login) = login {
        return Some((line.path.clone(), std::slice::from_ref(&login.2)));
    }
    let call = find(&line.method, &line.path)?;
    let accounts: &[&str] = match call.account {
        Account::None => &["none"],
        Account::Bot => &["bot"],
        Account::User => &["user"],
        // The service decides whether a bot may make a call that is attested for users only.
        _ => &["either", "user"],
    };
    Some((call.path(), accounts))
}

/// The call of this template; the names of placeholders may differ.
fn find(method: &str, template: &str) -> Option<&'static EndpointInfo> {
    alta_rest::endpoints()
        .find(|call| call.method == method && shape(&call.path()) == shape(template))
}

fn shape(template: &str) -> Vec<&str> {
    template
        .split('/')
        .map(|segment| {
            if segment.starts_with('{') {
                "{}"
            } else {
                segment
            }
        })
        .collect()
}

/// Method and path of the call whose success a fixture shows.
fn success(fixture: &Fixture) -> Option<(String, String)> {
    let (request, response) = (
        &fixture.recording["request"],
        &fixture.recording["response"],
    );
    if response["status"].as_u64()? >= 300 || response.get("transfer").is_some() {
        return None;
    }
    let (method, path) = (request["method"].as_str()?, request["path"].as_str()?);
    let template = endpoint_of(method, path).map_or_else(
        || path.trim_start_matches('/').to_owned(),
        EndpointInfo::path,
    );
    Some((method.to_owned(), template))
}

fn listed() -> Result<Vec<Listed>, Error> {
    let text = fs::read_to_string(root().join("fixtures/rest-endpoints.txt"))?;
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let [method, path, account] = line.split(' ').collect::<Vec<_>>()[..] else {
                return Err(format!("not a method, a path and an account: {line}").into());
            };
            Ok(Listed {
                method: method.to_owned(),
                path: path.to_owned(),
                account: account.to_owned(),
            })
        })
        .collect()
}

const HEAD: &str = "\
# Endpoints

The calls of the REST API that have a method in `alta-rest`. `cargo xtask endpoints` generates this page from the methods, and
`cargo xtask ci` checks that it is current. `Client::send` makes any other call, with the same tokens, retries and errors.

*Account* is the account of the token: `either` takes the bot's token if the client has one, else the user's. *Attested for*
names the accounts with which sources show the call; a bot may get 403 if only users are attested. Lists in brackets are
paged. *Fixtures* are the files in `fixtures/rest` against which a call is tested; they name their sources.
";

fn page(fixtures: &[Fixture]) -> Result<String, Error> {
    let listed = listed()?;
    let mut page = HEAD.to_owned();
    let mut group = "";
    for call in alta_rest::endpoints() {
        let (name, _) = call.call.split_once("()").unwrap_or((call.call, ""));
        if name != group {
            group = name;
            write!(page, "\n## `client.{name}()`\n\n{COLUMNS}")?;
        }
        let attested = listed
            .iter()
            .find(|line| line.method == call.method && shape(&line.path) == shape(&call.path()))
            .map_or("", |line| line.account.as_str());
        let names: Vec<String> = call
            .aliases
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        row(
            &mut page,
            (call.method, &call.path()),
            [
                &format!("`{}`", call.call),
                &without_links(&call.summary()),
                account(call.account),
                attested,
                &code(call.response),
                &names.join(", "),
                &recordings(fixtures, call.method, |path| {
                    endpoint_of(call.method, path).is_some_and(|of| of.request == call.request)
                }),
            ],
        )?;
    }
    write!(
        page,
        "\n## Logins\n\n`alta-auth` makes these calls.\n\n{COLUMNS}"
    )?;
    for (method, path, who, by, what) in LOGINS {
        let files = recordings(fixtures, method, |other| {
            other.trim_start_matches('/') == path
        });
        let by = format!("`{by}`");
        row(
            &mut page,
            (method, path),
            [&by, what, "none", who, "`Token`", "", &files],
        )?;
    }
    Ok(page)
}

/// Removes links into the code, which do not work on a page.
fn without_links(text: &str) -> String {
    let mut parts = text.split("](");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        if let Some(label) = plain.rfind('[') {
            plain.remove(label);
        }
        plain.push_str(part.split_once(')').map_or("", |(_, rest)| rest));
    }
    plain
}

const COLUMNS: &str = "\
| endpoint | method | effect | account | attested for | response | in py-tale | fixtures |
| --- | --- | --- | --- | --- | --- | --- | --- |
";

fn row(page: &mut String, (method, path): (&str, &str), cells: [&str; 7]) -> std::fmt::Result {
    writeln!(page, "| `{method} {path}` | {} |", cells.join(" | "))
}

fn account(account: Account) -> &'static str {
    match account {
        Account::None => "none",
        Account::Bot => "bot",
        Account::User => "user",
        _ => "either",
    }
}

fn code(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("`{text}`")
    }
}

fn recordings(fixtures: &[Fixture], method: &str, is_of: impl Fn(&str) -> bool) -> String {
    let names: Vec<&str> = fixtures
        .iter()
        .filter(|fixture| {
            let request = &fixture.recording["request"];
            request["method"] == method && request["path"].as_str().is_some_and(&is_of)
        })
        .map(|fixture| fixture.name.trim_start_matches("rest/"))
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixtures_of_the_workspace() -> Vec<Fixture> {
        fixture::load().unwrap()
    }

    #[test]
    fn the_page_is_current() {
        run(true).unwrap();
    }

    /// `cargo xtask test-fixtures` and a test of its own check the round trip of each fixture.
    #[test]
    fn every_listed_endpoint_has_a_method_and_a_fixture() {
        assert_eq!(
            missing(&fixtures_of_the_workspace()).unwrap(),
            [] as [&str; 0]
        );
    }

    #[test]
    fn an_endpoint_without_a_fixture_is_named() {
        let mut fixtures = fixtures_of_the_workspace();
        fixtures.retain(|fixture| fixture.name != "rest/group-quick-create");
        assert_eq!(
            missing(&fixtures).unwrap(),
            ["POST groups/quick-create: no fixture of a success"]
        );
    }

    #[test]
    fn a_kind_of_error_without_a_fixture_is_named() {
        let mut fixtures = fixtures_of_the_workspace();
        fixtures.retain(|fixture| fixture.recording["response"]["status"] != 429);
        assert_eq!(missing(&fixtures).unwrap(), ["no fixture of 429"]);
    }

    #[test]
    fn every_typed_call_is_listed() {
        let listed = listed().unwrap();
        for call in alta_rest::endpoints() {
            let path = call.path();
            assert!(
                listed
                    .iter()
                    .any(|line| line.method == call.method && shape(&line.path) == shape(&path)),
                "{} {path} is not in fixtures/rest-endpoints.txt",
                call.method
            );
        }
    }
}
