use crate::{Secret, ServerId};

model! {
    /// The answer to asking for a server's console (`POST servers/{id}/console`) or for a place on it (`…/join`).
    ///
    /// Access is granted when [`connection`](Self::connection) and [`token`](Self::token) are both there; some servers
    /// say [`allowed`](Self::allowed) without them.
    #[doc(alias = "request_post_console")]
    pub struct JoinResult {
        /// The server.
        required server_id: ServerId = "server_id",
        /// Whether the account may.
        default allowed: bool = "allowed",
        /// Set by the server together with [`message`](Self::message) and [`fail_reason`](Self::fail_reason) on failure.
        default was_rejection: bool = "was_rejection",
        /// Whether the server is being started: ask again in some seconds.
        default cold_start: bool = "cold_start",
        /// Why not.
        optional fail_reason: JoinFailReason = "fail_reason",
        /// Why not, for people.
        optional message: String = "message",
        /// Where to connect.
        optional connection: Connection = "connection",
        /// What to say there first; short-lived.
        optional token: Secret = "token",
    }
}

model! {
    /// Where a running server listens. Addresses and ports change at every start.
    pub struct Connection {
        /// 0 in every sample; the true one is in [`JoinResult::server_id`].
        optional server_id: ServerId = "server_id",
        /// An IP address, or a host name in re-implementations; empty when the server sent none.
        default address: String = "address",
        /// The address within the machine.
        default local_address: String = "local_address",
        /// The name of the machine.
        optional pod_name: String = "pod_name",
        /// The game itself.
        optional game_port: u16 = "game_port",
        /// The old binary console.
        optional console_port: u16 = "console_port",
        /// The log.
        optional logging_port: u16 = "logging_port",
        /// The console's websocket.
        optional websocket_port: u16 = "websocket_port",
        /// The file server.
        optional webserver_port: u16 = "webserver_port",
    }
}

open_enum! {
    /// Why a server's console or a place on it was not given (Alta .NET models).
    pub enum JoinFailReason {
        /// It was given.
        Nothing: "Nothing",
        /// The account may not know of the server.
        NotAllowedToSeeServer: "NotAllowedToSeeServer",
        /// The account may not join it.
        NotAllowedToJoinServer: "NotAllowedToJoinServer",
        /// The server is not online.
        NotOnline: "NotOnline",
        /// The server is not started.
        NotLaunched: "NotLaunched",
        /// Trouble in the cloud.
        CouldntAccessCluster: "CouldntAccessCluster",
        /// Trouble in the cloud.
        WebRequestFailed: "WebRequestFailed",
        /// Trouble in the cloud.
        CouldntAllocate: "CouldntAllocate",
        /// The server is locked.
        LockedServer: "LockedServer",
        /// The game's version is another.
        WrongClientGameVersion: "WrongClientGameVersion",
        /// The account is banned.
        BannedUser: "BannedUser",
        /// The account could not be checked.
        CouldntVerifyUser: "CouldntVerifyUser",
        /// The server is full.
        PlayerLimitReached: "PlayerLimitReached",
        /// Trouble in the cloud; the message says which.
        CouldntAllocateWithMessage: "CouldntAllocateWithMessage",
    }
}

impl JoinFailReason {
    /// Whether asking again is useless: the account itself is refused.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::NotAllowedToSeeServer
                | Self::NotAllowedToJoinServer
                | Self::BannedUser
                | Self::LockedServer
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_console_token() {
        let result: JoinResult =
            serde_json::from_str(r#"{"server_id": 7, "allowed": true, "token": "eyJhbGciOi"}"#)
                .unwrap();
        let debug = format!("{result:?}");
        assert!(!debug.contains("eyJ"), "{debug}");
        assert_eq!(result.token.unwrap().expose(), "eyJhbGciOi");
    }
}
