//! Reads one part over REST.

use super::model_io::{FetchFailed, Fetched};
use super::schedule::Part;
use crate::list_limits::LONGEST_LIST;
use alta_model::{GroupId, Listing, UserId};
use alta_rest::{Client, Error, ErrorKind};

pub(super) async fn part(
    rest: &Client,
    part: Part,
    me: UserId,
    with_members: bool,
) -> Result<Fetched, FetchFailed> {
    match part {
        Part::Members(group) if with_members => members(rest, group).await,
        _ => one(rest, part, me).await.map_err(|error| FetchFailed {
            because: format!("{error:?}"),
            members: Vec::new(),
        }),
    }
}

/// Reads the members page by page. If a page fails, the earlier pages are kept.
async fn members(rest: &Client, group: GroupId) -> Result<Fetched, FetchFailed> {
    let mut pages = rest.members().list(group);
    let mut members = Vec::new();
    while let Some(member) = pages.next().await {
        match member {
            Ok(member) if members.len() < LONGEST_LIST => members.push(member),
            Ok(_) => {
                let because = format!("there are more than {LONGEST_LIST}");
                return Err(FetchFailed { because, members });
            }
            Err(error) => {
                let because = format!("{error:?}");
                return Err(FetchFailed { because, members });
            }
        }
    }
    let skipped = pages.skipped().clone();
    Ok(Fetched::Members(Listing::new(members, skipped)))
}

async fn one(rest: &Client, part: Part, me: UserId) -> Result<Fetched, Error> {
    Ok(match part {
        Part::List => Fetched::List(rest.groups().joined().collect(LONGEST_LIST).await?),
        Part::Group(group) => Fetched::Group(rest.groups().get(group).await?),
        Part::Members(group) => Fetched::Me(rest.members().get(group, me).await?),
        Part::Server(_, server) => match rest.servers().get(server).await {
            Ok(server) => Fetched::Server(Box::new(server)),
            Err(error) if *error.kind() == ErrorKind::NotFound => Fetched::NoServer,
            Err(error) => return Err(error),
        },
    })
}
