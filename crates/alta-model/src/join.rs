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
        /// Whether the account may; an answer that does not say so does not allow it.
        default allowed: bool = "allowed",
        /// Set by the server together with [`message`](Self::message) and [`fail_reason`](Self::fail_reason) on failure; false when it sent none.
        default was_rejection: bool = "was_rejection",
        /// Whether the server is being started: ask again in some seconds. False when the server sent none: the service sends
        /// it with every start.
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
        Nothing: "Nothing" = 0,
        /// The account may not know of the server.
        NotAllowedToSeeServer: "NotAllowedToSeeServer" = 1,
        /// The account may not join it.
        NotAllowedToJoinServer: "NotAllowedToJoinServer" = 2,
        /// The server is not online.
        NotOnline: "NotOnline" = 3,
        /// The server is not started.
        NotLaunched: "NotLaunched" = 4,
        /// Trouble in the cloud.
        CouldntAccessCluster: "CouldntAccessCluster" = 5,
        /// Trouble in the cloud.
        WebRequestFailed: "WebRequestFailed" = 6,
        /// Trouble in the cloud.
        CouldntAllocate: "CouldntAllocate" = 7,
        /// The server is locked.
        LockedServer: "LockedServer" = 8,
        /// The game's version is another.
        WrongClientGameVersion: "WrongClientGameVersion" = 9,
        /// The account is banned.
        BannedUser: "BannedUser" = 10,
        /// The account could not be checked.
        CouldntVerifyUser: "CouldntVerifyUser" = 11,
        /// The server is full.
        PlayerLimitReached: "PlayerLimitReached" = 12,
        /// Trouble in the cloud; the message says which.
        CouldntAllocateWithMessage: "CouldntAllocateWithMessage" = 13,
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
