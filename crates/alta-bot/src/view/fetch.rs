//! Readings over REST.

use super::exchange::Found;
use crate::requests::LONGEST_LIST;
use alta_model::{GroupId, JoinedGroup, UserId};
use alta_rest::{Client, Error, ErrorKind};

pub(super) async fn list(rest: &Client) -> Result<Vec<JoinedGroup>, Error> {
    rest.groups().joined().collect(LONGEST_LIST).await
}

/// Reads a group, the bot's membership, the other members if they are wanted, and its servers.
pub(super) async fn group(
    rest: &Client,
    id: GroupId,
    me: UserId,
    with_members: bool,
) -> Result<Found, Error> {
    let group = rest.groups().get(id).await?;
    let (me, members) = if with_members {
        let members = rest.members().list(id).collect(LONGEST_LIST).await?;
        let me = members.iter().find(|member| member.user_id == me).cloned();
        (me, Some(members))
    } else {
        (Some(rest.members().get(id, me).await?), None)
    };
    let mut servers = Vec::with_capacity(group.servers.len());
    for listed in &group.servers {
        match rest.servers().get(listed.id).await {
            Ok(server) => servers.push(server),
            // Removed since it was listed.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Found {
        group,
        me,
        members,
        servers,
    })
}
