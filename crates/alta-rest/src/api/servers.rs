use alta_model::{
    JoinResult, Listing, Permission, PermissionCheck, Region, Server, ServerId, UserId,
};
use serde_json::{Value, json};

use super::{ConsoleOptions, JoinOptions};
use crate::{Error, ErrorKind};

endpoints! {
    /// Game servers, and access to their consoles.
    ///
    /// Where only user accounts are attested, a bot may be refused, or not.
    pub struct Servers in servers;

    /// A server.
    #[doc(alias = "request_server_by_id")]
    fn get(server: ServerId) -> one Server = GetServer: Either GET ["servers", server], any_scope(&["server.view"]);

    /// The servers of that name; names repeat.
    #[doc(alias = "request_server_by_name")]
    fn named(name: String as impl Into<String>) -> pages Server
        = FindServers: Either GET ["servers", "name", name], any_scope(&["server.view"]);

    /// The servers whose consoles the account may use.
    #[doc(alias = "request_consoles")]
    fn with_console() -> pages Server
        = ListConsoleServers: Either GET ["servers", "console"], any_scope(&["server.view", "server.console"]);

    /// The servers of the account's groups.
    fn joined() -> pages Server = ListJoinedServers: Either GET ["servers", "joined"], any_scope(&["server.view"]);

    /// All servers that can be seen. Attested for users (alta-jsapi).
    fn list() -> pages Server = ListServers: Either GET ["servers"];

    /// Those that run. Attested for users (alta-jsapi).
    fn running() -> pages Server = ListRunningServers: Either GET ["servers", "running"];

    /// Those that are online. Attested for users (alta-jsapi, .NET client).
    fn online() -> pages Server = ListOnlineServers: Either GET ["servers", "online"];

    /// Public ones. Attested for users (alta-jsapi, .NET client).
    fn public() -> pages Server = ListPublicServers: Either GET ["servers", "public"];

    /// Those of open groups. Attested for users (alta-jsapi, .NET client).
    fn open() -> pages Server = ListOpenServers: Either GET ["servers", "open"];

    /// Those that the account may start and stop. Attested for users (alta-jsapi, .NET client).
    fn controlled() -> pages Server = ListControlledServers: Either GET ["servers", "control"];

    /// A choice for the account. Attested for users (.NET client).
    fn discover() -> pages Server = DiscoverServers: Either GET ["servers", "discover"];

    /// Where a player plays. Attested for users (.NET client).
    fn of_player(user: UserId) -> pages Server = ListServersOfPlayer: Either GET ["servers", "players", user];

    /// The user's favourites (alta-jsapi).
    fn favorites() -> pages Server = ListFavoriteServers: User GET ["servers", "favorites"];

    /// Adds to the user's favourites (alta-jsapi; the answer is not attested).
    fn add_favorite(server: ServerId) -> one Value
        = AddFavoriteServer: User POST ["servers", "favorites", server];

    /// Takes from the user's favourites (alta-jsapi; the answer is not attested).
    fn remove_favorite(server: ServerId) -> one Value
        = RemoveFavoriteServer: User DELETE ["servers", "favorites", server];

    /// Asks for access to a server's console. Forbidden without the permission Console; whether access was given stands in
    /// the answer. By default a server that does not run stays so.
    #[doc(alias = "request_post_console")]
    fn console(server: ServerId, options: ConsoleOptions) -> one JoinResult
        = RequestConsole: Either POST ["servers", server, "console"], any_scope(&["server.console"]), json(options);

    /// Asks for a place on a server, as players do (.NET client).
    fn join(server: ServerId, options: JoinOptions) -> one JoinResult
        = JoinServer: User POST ["servers", server, "join"], json(options);

    /// Whether an account has permissions on a server: one question about all of them. Attested for users (.NET client).
    fn check_permissions(
        server: ServerId,
        user: UserId,
        permissions: Vec<Permission> as impl Into<Vec<Permission>>,
    ) -> one PermissionCheck
        = CheckServerPermissions: Either POST ["servers", server, user, "permissions", "check"],
            json(&json!({"permissions": permissions}));

    /// What an account may do on a server. Attested for users (.NET client).
    fn permissions(server: ServerId, user: UserId) -> one Listing<Permission>
        = ListServerPermissions: Either GET ["servers", server, user, "permissions"];

    /// Where servers run, as alta-jsapi asks for it; [`regions`](Self::regions) knows the other place as well.
    fn server_regions() -> one Listing<Region> = ListServerRegions: None GET ["servers", "regions"];

    /// Where servers run, as the .NET client asks for it; [`regions`](Self::regions) knows the other place as well.
    fn top_regions() -> one Listing<Region> = ListRegions: None GET ["regions"];
}

impl Servers<'_> {
    /// Where servers run. Needs no account. Sources disagree on the address: `servers/regions` is asked for first, then,
    /// if there is nothing, `regions`.
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
