//! Readings over REST, each of one part.

use super::agenda::Part;
use super::exchange::Found;
use crate::requests::LONGEST_LIST;
use alta_model::UserId;
use alta_rest::{Client, Error, ErrorKind};

pub(super) async fn part(
    rest: &Client,
    part: Part,
    me: UserId,
    with_members: bool,
) -> Result<Found, Error> {
    Ok(match part {
        Part::List => Found::List(rest.groups().joined().collect(LONGEST_LIST).await?),
        Part::Group(group) => Found::Group(rest.groups().get(group).await?),
        Part::Members(group) if with_members => {
            Found::Members(rest.members().list(group).collect(LONGEST_LIST).await?)
        }
        Part::Members(group) => Found::Me(rest.members().get(group, me).await?),
        Part::Server(_, server) => match rest.servers().get(server).await {
            Ok(server) => Found::Server(Box::new(server)),
            Err(error) if error.kind() == ErrorKind::NotFound => Found::NoServer,
            Err(error) => return Err(error),
        },
    })
}
