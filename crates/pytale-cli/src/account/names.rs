//! Groups, servers and invitations by id or name.

use super::listing::listing;
use crate::failure::Failure;
use pytale::model::{ServerId, escaped};
use pytale::rest::Client;

/// The most names in a message.
const MOST: usize = 3;

/// An entry that a user can name.
pub(crate) struct Named<'a> {
    pub(crate) id: i64,
    pub(crate) name: &'a str,
}

/// Finds an entry by its id, or by its name in any letter case. `kind` is the noun in messages.
pub(crate) fn find<'e, T>(
    kind: &str,
    typed: &str,
    entries: &'e [T],
    named: impl Fn(&T) -> Named<'_>,
) -> Result<&'e T, Failure> {
    if let Ok(id) = typed.parse::<i64>()
        && let Some(entry) = entries.iter().find(|entry| named(entry).id == id)
    {
        return Ok(entry);
    }
    let is_named = |entry: &&T| named(entry).name.to_lowercase() == typed.to_lowercase();
    let mut found = entries.iter().filter(is_named);
    match (found.next(), found.next()) {
        (Some(entry), None) => Ok(entry),
        (Some(first), Some(second)) => {
            let ids = [first, second].into_iter().chain(found);
            let ids: Vec<String> = ids.map(|entry| named(entry).id.to_string()).collect();
            Err(
                Failure::usage(format!("more than one {kind} is called {typed:?}"))
                    .advice(format!("use the id: {}", ids.join(", "))),
            )
        }
        _ => Err(unknown(kind, typed, entries.iter().map(named))),
    }
}

fn unknown<'a>(kind: &str, typed: &str, known: impl Iterator<Item = Named<'a>>) -> Failure {
    let mut known: Vec<(usize, Named<'a>)> = known
        .map(|named| {
            let [typed, name] = [typed, named.name].map(str::to_lowercase);
            (strsim::damerau_levenshtein(&typed, &name), named)
        })
        .collect();
    known.sort_by_key(|(distance, _)| *distance);
    let names = |known: &[(usize, Named<'a>)]| {
        let names = known.iter().take(MOST);
        let names = names.map(|(_, named)| format!("{} ({})", escaped(named.name), named.id));
        names.collect::<Vec<_>>().join(", ")
    };
    let near = known
        .iter()
        .take_while(|(distance, named)| *distance <= 1 + named.name.len() / 3)
        .count();
    let failure = Failure::usage(format!("this account has no {kind} {typed:?}"));
    match (known.len(), near) {
        (0, _) => failure,
        (1..=MOST, 0) => failure.advice(format!("it has {}", names(&known))),
        (count, 0) => failure.advice(format!("it has {count}, such as {}", names(&known))),
        (_, near) => failure.advice(format!("did you mean {}?", names(&known[..near]))),
    }
}

/// The id of a server: the typed number, or that of the server with the name whose console the account may use.
pub(crate) async fn server_id(rest: &Client, typed: &str) -> Result<ServerId, Failure> {
    if let Ok(id) = typed.parse::<i64>() {
        return Ok(ServerId::new(id));
    }
    let doing = "listing the servers whose consoles the account may use";
    let servers = listing(doing, rest.servers().with_console(), None).await?;
    let server = find("console of a server", typed, &servers, |server| Named {
        id: server.id.get(),
        name: &server.name,
    })?;
    Ok(server.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: [(i64, &str); 4] = [
        (1, "Thornwood"),
        (2, "Thornwood"),
        (3, "Hollow\u{1b}[1mmere"),
        (44, "3"),
    ];

    fn found(typed: &str) -> Result<i64, String> {
        let entry = find("group", typed, &GROUPS, |(id, name)| Named {
            id: *id,
            name,
        });
        entry
            .map(|(id, _)| *id)
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn an_id_precedes_a_name_and_a_shared_name_is_an_error_with_the_ids() {
        assert_eq!(found("3"), Ok(3));
        assert_eq!(found("44"), Ok(44));
        let said = found("thornwood").unwrap_err();
        assert!(said.contains("use the id: 1, 2"), "{said}");
    }

    #[test]
    fn an_unknown_name_is_reported_with_the_nearest_ones() {
        let said = found("Thronwood").unwrap_err();
        assert!(
            said.contains("did you mean Thornwood (1), Thornwood (2)?"),
            "{said}"
        );
        let said = found("somewhere else").unwrap_err();
        assert!(said.contains("it has 4, such as"), "{said}");
        assert!(!said.contains('\u{1b}'), "{said}");
    }
}
