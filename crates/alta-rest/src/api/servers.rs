use super::{ConsoleOptions, JoinOptions};
use crate::{Error, ErrorKind};
use alta_model::{
    JoinResult, Listing, Permission, PermissionCheck, Region, Server, ServerId, UserId,
};
use serde_json::{Value, json};

endpoints! {
    /// Game servers, and access to their consoles.
    ///
    /// Calls attested for users have only been observed with user accounts; a bot may get 403.
    pub struct Servers in servers;

    /// A server.
    #[doc(alias = "request_server_by_id")]
    fn get(server: ServerId) -> one Server = GetServer: Either GET ["servers", server], any_scope(&["server.view"]);

    /// The servers with that name; a name is not unique.
    #[doc(alias = "request_server_by_name")]
    fn named(name: String as impl Into<String>) -> pages Server
        = FindServers: Either GET ["servers", "name", name], any_scope(&["server.view"]);

    /// The servers whose consoles the account may use.
    #[doc(alias = "request_consoles")]
    fn with_console() -> pages Server
        = ListConsoleServers: Either GET ["servers", "console"], any_scope(&["server.view", "server.console"]);

    /// The servers of the account's groups.
    fn joined() -> pages Server = ListJoinedServers: Either GET ["servers", "joined"], any_scope(&["server.view"]);

    /// All visible servers. Attested for users (alta-jsapi).
    fn list() -> pages Server = ListServers: Either GET ["servers"];

    /// The running servers. Attested for users (alta-jsapi).
    fn running() -> pages Server = ListRunningServers: Either GET ["servers", "running"];

    /// The servers that are online. Attested for users (alta-jsapi, .NET client).
    fn online() -> pages Server = ListOnlineServers: Either GET ["servers", "online"];

    /// The public servers. Attested for users (alta-jsapi, .NET client).
    fn public() -> pages Server = ListPublicServers: Either GET ["servers", "public"];

    /// The servers of open groups. Attested for users (alta-jsapi, .NET client).
    fn open() -> pages Server = ListOpenServers: Either GET ["servers", "open"];

    /// The servers that the account may start and stop. Attested for users (alta-jsapi, .NET client).
    fn controlled() -> pages Server = ListControlledServers: Either GET ["servers", "control"];

    /// A selection for the account. Attested for users (.NET client).
    fn discover() -> pages Server = DiscoverServers: Either GET ["servers", "discover"];

    /// The servers on which a player is. Attested for users (.NET client).
    fn of_player(user: UserId) -> pages Server = ListServersOfPlayer: Either GET ["servers", "players", user];

    /// The user's favorite servers (alta-jsapi).
    fn favorites() -> pages Server = ListFavoriteServers: User GET ["servers", "favorites"];

    /// Adds a server to the user's favorites (alta-jsapi; the response is not attested).
    fn add_favorite(server: ServerId) -> one Value
        = AddFavoriteServer: User POST ["servers", "favorites", server];

    /// Removes a server from the user's favorites (alta-jsapi; the response is not attested).
    fn remove_favorite(server: ServerId) -> one Value
        = RemoveFavoriteServer: User DELETE ["servers", "favorites", server];

    /// Requests access to a server's console. Forbidden without the permission Console; the response says whether access is
    /// granted. By default a stopped server is not started.
    #[doc(alias = "request_post_console")]
    fn console(server: ServerId, options: ConsoleOptions) -> one JoinResult
        = RequestConsole: Either POST ["servers", server, "console"], any_scope(&["server.console"]), json(options);

    /// Requests to join a server, as players do (.NET client).
    fn join(server: ServerId, options: JoinOptions) -> one JoinResult
        = JoinServer: User POST ["servers", server, "join"], json(options);

    /// Checks whether an account has all these permissions on a server: one check for all of them. Attested for users
    /// (.NET client).
    fn check_permissions(
        server: ServerId,
        user: UserId,
        permissions: Vec<Permission> as impl Into<Vec<Permission>>,
    ) -> one PermissionCheck
        = CheckServerPermissions: Either POST ["servers", server, user, "permissions", "check"],
            json(&json!({"permissions": permissions}));

    /// The permissions of an account on a server. Attested for users (.NET client).
    fn permissions(server: ServerId, user: UserId) -> one Listing<Permission>
        = ListServerPermissions: Either GET ["servers", server, user, "permissions"];

    /// The regions of servers at the address of alta-jsapi; [`regions`](Self::regions) also tries the other one.
    fn server_regions() -> one Listing<Region> = ListServerRegions: None GET ["servers", "regions"];

    /// The regions of servers at the address of the .NET client; [`regions`](Self::regions) also tries the other one.
    fn top_regions() -> one Listing<Region> = ListRegions: None GET ["regions"];
}

impl Servers<'_> {
    /// The regions of servers. Needs no account. The sources disagree on the address: the first request goes to
    /// `servers/regions`, and if that does not exist, the second to `regions`.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`].
    pub async fn regions(self) -> Result<Listing<Region>, Error> {
        match self.server_regions().await {
            Err(error) if *error.kind() == ErrorKind::NotFound => self.top_regions().await,
            result => result,
        }
    }
}
