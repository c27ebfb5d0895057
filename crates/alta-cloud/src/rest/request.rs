use super::call::Call;
use super::id::Id;
use super::page::page;
use super::reply::Reply;
use crate::state::{Cloud, Group, Identity, Member, Membership, Server};
use crate::wire::json::Node;
use crate::wire::lenient;
use jiff::Timestamp;
use serde_json::Value;

/// The input of an endpoint.
pub(crate) struct Request<'a> {
    pub(crate) cloud: &'a mut Cloud,
    pub(crate) now: Timestamp,
    pub(crate) call: &'a Call<'a>,
    pub(crate) identity: Identity,
}

impl Request<'_> {
    /// The user id of the caller.
    pub(crate) fn me(&self) -> u64 {
        self.identity.id()
    }

    /// The request body, or the reply to one that cannot be parsed.
    pub(crate) fn body(&self) -> Result<Value, Reply> {
        let body = lenient::parse(&self.call.request.body);
        body.ok_or_else(|| Reply::bad_request(None, "Malformed body."))
    }

    /// The group with this id, or the reply 404.
    pub(crate) fn group(&self, id: u64) -> Result<&Group, Reply> {
        self.cloud.groups.get(&id).ok_or_else(Reply::not_found)
    }

    /// The same for a group that the caller may see, or the reply 403.
    pub(crate) fn visible_group(&self, id: u64) -> Result<&Group, Reply> {
        let group = self.group(id)?;
        if group.is_visible(self.me()) {
            Ok(group)
        } else {
            Err(Reply::error(
                403,
                "This group is private",
                "CantGetPrivateGroup",
            ))
        }
    }

    /// The same for a group that the caller is a member of, or the reply 403.
    pub(crate) fn my_group(&self, id: u64) -> Result<&Group, Reply> {
        let group = self.visible_group(id)?;
        let member = group.member(self.me(), Membership::Accepted);
        member.map(|_| group).ok_or_else(Reply::forbidden)
    }

    /// The same for a group in which the caller has a permission, or the reply 403.
    pub(crate) fn group_with(&self, id: u64, permission: &str) -> Result<&Group, Reply> {
        let group = self.group(id)?;
        let is_allowed = group.allows(self.me(), permission);
        is_allowed.then_some(group).ok_or_else(Reply::forbidden)
    }

    /// The same, to be changed.
    pub(crate) fn group_for(&mut self, id: u64, permission: &str) -> Result<&mut Group, Reply> {
        self.group_with(id, permission)?;
        let group = self.cloud.groups.get_mut(&id);
        group.ok_or_else(Reply::not_found)
    }

    /// The server with this id, or the reply 404. A server is as visible as its group.
    pub(crate) fn server(&self, id: Id) -> Result<&Server, Reply> {
        let server = id.number().and_then(|id| self.cloud.servers.get(&id));
        let server = server.filter(|server| self.sees(server));
        server.ok_or_else(Reply::not_found)
    }

    /// The same for a server in whose group the caller has a permission, or the reply 403.
    pub(crate) fn server_with(&self, id: Id, permission: &str) -> Result<&Server, Reply> {
        let server = self.server(id)?;
        let is_allowed = self.may(server, permission);
        is_allowed.then_some(server).ok_or_else(Reply::forbidden)
    }

    /// Returns whether the caller may read a server.
    pub(crate) fn sees(&self, server: &Server) -> bool {
        let group = self.cloud.group_of(server);
        group.is_some_and(|group| group.is_visible(self.me()))
    }

    /// Returns whether the caller has a permission in the group of a server.
    pub(crate) fn may(&self, server: &Server, permission: &str) -> bool {
        let group = self.cloud.group_of(server);
        group.is_some_and(|group| group.allows(self.me(), permission))
    }

    /// Changes the membership of a user in a group.
    pub(crate) fn set_membership(
        &mut self,
        group: u64,
        user: u64,
        to: Membership,
    ) -> Option<Member> {
        self.cloud.change_membership(group, user, to, self.now)
    }

    /// One page of an array, as the query selects it.
    pub(crate) fn page(&self, items: Vec<Node>) -> Result<Reply, Reply> {
        page(items, &self.call.query, self.cloud.config.page_size)
    }
}
