use crate::{Secret, ServerId};

model! {
    /// The response to a request for a server's console (`POST servers/{id}/console`) or to join it (`…/join`).
    ///
    /// Access is granted if [`connection`](Self::connection) and [`token`](Self::token) are both present; some servers send
    /// [`allowed`](Self::allowed) without them.
    #[doc(alias = "request_post_console")]
    pub struct JoinResult {
        /// The server.
        required server_id: ServerId = "server_id",
        /// True if access is allowed; false when the server sent none.
        default allowed: bool = "allowed",
        /// Set by the server together with [`message`](Self::message) and [`fail_reason`](Self::fail_reason) on failure; false when
        /// it sent none.
        default was_rejection: bool = "was_rejection",
        /// True if the server is being started; a later request may succeed. False when the server sent none: the service sends
        /// it with every start.
        default cold_start: bool = "cold_start",
        /// The reason of a refusal.
        optional fail_reason: JoinFailReason = "fail_reason",
        /// The reason of a refusal, for people.
        optional message: String = "message",
        /// The address of the console.
        optional connection: Connection = "connection",
        /// The token of the console; short-lived.
        optional token: Secret = "token",
    }
}

model! {
    /// The addresses of a running server. They change at every start.
    pub struct Connection {
        /// 0 in every sample; the real id is in [`JoinResult::server_id`].
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
    /// The reason why a request for a console or to join was refused (Alta .NET models).
    pub enum JoinFailReason {
        /// It was not refused.
        Nothing: "Nothing" = 0,
        /// The account may not see the server.
        NotAllowedToSeeServer: "NotAllowedToSeeServer" = 1,
        /// The account may not join it.
        NotAllowedToJoinServer: "NotAllowedToJoinServer" = 2,
        /// The server is not online.
        NotOnline: "NotOnline" = 3,
        /// The server is not started.
        NotLaunched: "NotLaunched" = 4,
        /// An error in the cloud.
        CouldntAccessCluster: "CouldntAccessCluster" = 5,
        /// An error in the cloud.
        WebRequestFailed: "WebRequestFailed" = 6,
        /// An error in the cloud.
        CouldntAllocate: "CouldntAllocate" = 7,
        /// The server is locked.
        LockedServer: "LockedServer" = 8,
        /// The version of the game differs.
        WrongClientGameVersion: "WrongClientGameVersion" = 9,
        /// The account is banned.
        BannedUser: "BannedUser" = 10,
        /// The check of the account failed.
        CouldntVerifyUser: "CouldntVerifyUser" = 11,
        /// The server is full.
        PlayerLimitReached: "PlayerLimitReached" = 12,
        /// An error in the cloud; the message describes it.
        CouldntAllocateWithMessage: "CouldntAllocateWithMessage" = 13,
    }
}

impl JoinFailReason {
    /// Returns whether the refusal is final: the account itself is refused.
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
