//! Readings over REST, each of one part.

use super::agenda::Part;
use super::exchange::{Failed, Found};
use crate::lists::LONGEST_LIST;
use alta_model::{GroupId, Listing, UserId};
use alta_rest::{Client, Error, ErrorKind};

pub(super) async fn part(
    rest: &Client,
    part: Part,
    me: UserId,
    with_members: bool,
) -> Result<Found, Failed> {
    match part {
        Part::Members(group) if with_members => members(rest, group).await,
        _ => one(rest, part, me).await.map_err(|error| Failed {
            because: format!("{error:?}"),
            members: Vec::new(),
        }),
    }
}

/// Reads page by page, and keeps those before one that fails.
async fn members(rest: &Client, group: GroupId) -> Result<Found, Failed> {
    let mut pages = rest.members().list(group);
    let mut members = Vec::new();
    while let Some(member) = pages.next().await {
        match member {
            Ok(member) if members.len() < LONGEST_LIST => members.push(member),
            Ok(_) => {
                let because = format!("there are more than {LONGEST_LIST}");
                return Err(Failed { because, members });
            }
            Err(error) => {
                let because = format!("{error:?}");
                return Err(Failed { because, members });
            }
        }
    }
    let skipped = pages.skipped().clone();
    Ok(Found::Members(Listing::new(members, skipped)))
}

async fn one(rest: &Client, part: Part, me: UserId) -> Result<Found, Error> {
    Ok(match part {
        Part::List => Found::List(rest.groups().joined().collect(LONGEST_LIST).await?),
        Part::Group(group) => Found::Group(rest.groups().get(group).await?),
        Part::Members(group) => Found::Me(rest.members().get(group, me).await?),
        Part::Server(_, server) => match rest.servers().get(server).await {
            Ok(server) => Found::Server(Box::new(server)),
            Err(error) if *error.kind() == ErrorKind::NotFound => Found::NoServer,
            Err(error) => return Err(error),
        },
    })
}
