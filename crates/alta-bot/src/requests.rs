//! The requests of py-tale, under its names. [`Bot::rest`] has these and all others, page by page and with their own errors.

use crate::bot::Bot;
use crate::error::{Error, ErrorKind};
use crate::list_limits::LONGEST_LIST;
use alta_model::{
    GroupId, InvitedGroup, JoinResult, JoinedGroup, Listing, Member, Server, ServerId, User, UserId,
};
use alta_rest::{ConsoleOptions, Pages};
use serde::de::DeserializeOwned;

impl Bot {
    /// Requests access to a server's console: its address and a token. By default this does not start a server.
    /// [`open_console`](Self::open_console) includes it. (py-tale README.)
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PermissionDenied`], [`ErrorKind::NoSuchServer`], [`ErrorKind::Rest`]. An offline server is
    /// not an error: the result says so.
    pub async fn request_post_console(
        &self,
        server: ServerId,
        options: ConsoleOptions,
    ) -> Result<JoinResult, Error> {
        let asked = self.rest().servers().console(server, options).await;
        asked.map_err(|error| {
            let doing = format!("requesting the console of server {server}");
            Error::of_console_access(error, server, doing)
        })
    }

    /// Reads a server. (py-tale README.)
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoSuchServer`], [`ErrorKind::Rest`].
    pub async fn request_server_by_id(&self, server: ServerId) -> Result<Server, Error> {
        let asked = self.rest().servers().get(server).await;
        asked.map_err(|error| Error::of_server(error, server, format!("reading server {server}")))
    }

    /// Lists the groups that the bot belongs to, with its membership in each. (py-tale README.)
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rest`].
    pub async fn request_current_groups(&self) -> Result<Listing<JoinedGroup>, Error> {
        all(self.rest().groups().joined(), "listing the bot's groups").await
    }

    /// Accepts an invitation to a group. (py-tale README.) [`accept_invites`](Self::accept_invites) accepts them all.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rest`] with the REST error as the source: status 400 if the invitation was accepted before.
    pub async fn request_accept_invite(&self, group: GroupId) -> Result<Member, Error> {
        let asked = self.rest().invites().accept(group).await;
        asked.map_err(|error| {
            Error::of_rest(error, format!("accepting the invitation to group {group}"))
        })
    }

    /// Rejects an invitation to a group. (py-tale README.)
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rest`].
    pub async fn request_reject_invite(&self, group: GroupId) -> Result<Member, Error> {
        let asked = self.rest().invites().reject(group).await;
        asked.map_err(|error| {
            Error::of_rest(error, format!("rejecting the invitation to group {group}"))
        })
    }

    /// Invites a player to a group. (py-tale README.)
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rest`].
    pub async fn request_invite_player_id(
        &self,
        group: GroupId,
        player: UserId,
    ) -> Result<Member, Error> {
        let asked = self.rest().invites().send(group, player).await;
        asked.map_err(|error| {
            Error::of_rest(error, format!("inviting player {player} to group {group}"))
        })
    }

    /// Revokes the invitation of a player to a group. (py-tale README.)
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rest`].
    pub async fn request_uninvite_player_id(
        &self,
        group: GroupId,
        player: UserId,
    ) -> Result<Member, Error> {
        let asked = self.rest().invites().revoke(group, player).await;
        asked.map_err(|error| {
            let doing = format!("revoking the invitation of player {player} to group {group}");
            Error::of_rest(error, doing)
        })
    }

    /// Lists the members of a group, all pages. (py-tale README.)
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rest`].
    pub async fn request_members(&self, group: GroupId) -> Result<Listing<Member>, Error> {
        let doing = format!("listing the members of group {group}");
        all(self.rest().members().list(group), doing).await
    }

    /// Lists the groups that the bot is invited to. (py-tale README.)
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rest`].
    pub async fn request_invites(&self) -> Result<Listing<InvitedGroup>, Error> {
        all(
            self.rest().invites().list(),
            "listing the bot's invitations",
        )
        .await
    }

    /// Lists the servers whose consoles the bot may use. (py-tale README.)
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rest`].
    pub async fn request_consoles(&self) -> Result<Listing<Server>, Error> {
        all(
            self.rest().servers().with_console(),
            "listing the consoles that the bot may use",
        )
        .await
    }

    /// Finds the account with this name. It requires a user's credentials; a bot's are not enough. (py-tale README.)
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoAccount`] without a user's credentials, [`ErrorKind::Rest`] if no account has this name.
    pub async fn request_search_username(&self, username: &str) -> Result<User, Error> {
        let doing = format!("searching the account {username:?}");
        if self.rest().identities().user.is_none() {
            let needs = "a user's credentials";
            return Err(Error::new(ErrorKind::NoAccount { needs }, doing));
        }
        let asked = self.rest().users().search(username).await;
        asked.map_err(|error| Error::of_rest(error, doing))
    }
}

async fn all<T: DeserializeOwned + Send + 'static>(
    pages: Pages<T>,
    doing: impl Into<std::borrow::Cow<'static, str>>,
) -> Result<Listing<T>, Error> {
    let list = pages.collect(LONGEST_LIST).await;
    list.map_err(|error| Error::of_rest(error, doing))
}
