use crate::{GroupId, ServerId, TimeSpan, Timestamp, User, UserId};
use std::time::Duration;

model! {
    /// The cloud's record of a game server: the response of `GET servers/{id}` and the content of status and heartbeat events.
    #[doc(alias = "ServerInfo")]
    pub struct Server [local is_event: bool] {
        /// The server's id; not its group's.
        required id: ServerId = "id",
        /// The server's name; empty when the server sent none.
        default name: String = "name",
        /// The players on it; may be stale, or empty while [`player_count`](Self::player_count) is above 0.
        list online_players: User = "online_players",
        /// The requested status; can be `Online` for a crashed server, so use [`is_up`](Self::is_up).
        optional server_status: ServerStatus = "server_status",
        /// The actual status, which says whether the server runs.
        optional final_status: ServerStatus = "final_status",
        /// The scene: 0 for PC, 4 for Quest in samples.
        optional scene_index: i64 = "scene_index",
        /// The platform of its players: 1 for PC, 2 for Quest.
        optional target: i64 = "target",
        /// Its region, `north-america-agones`; empty when the server sent none.
        default region: String = "region",
        /// The time of its last ping; in every event sample and in no REST sample.
        optional online_ping: Timestamp = "online_ping",
        /// The last time at which it was online.
        optional last_online: Timestamp = "last_online",
        /// Its description; may contain line breaks and links; empty when the server sent none.
        default description: String = "description",
        /// A rank among servers.
        optional playability: f64 = "playability",
        /// The game's version: stream, dash, four or five numbers, `main-1.6.0.0.40940`.
        optional version: String = "version",
        /// Its group.
        optional group_id: GroupId = "group_id",
        /// The type of its owner.
        optional owner_type: OwnerType = "owner_type",
        /// The owner's account.
        optional owner_id: UserId = "owner_id",
        /// The type: a group's server or a world of the game itself.
        optional r#type: ServerType = "type",
        /// The pool of machines it runs on, which distinguishes PC from Quest.
        optional fleet: Fleet = "fleet",
        /// Its total running time.
        optional up_time: TimeSpan = "up_time",
        /// The accounts that may join it; since 2022.
        optional join_type: JoinType = "join_type",
        /// The number of players on it; since 2022.
        optional player_count: i64 = "player_count",
        /// The most players on it; rare.
        optional player_limit: i64 = "player_limit",
        /// The time of its creation.
        optional created_at: Timestamp = "created_at",
        /// True if it runs; since 2023.
        optional is_online: bool = "is_online",
        /// The meaning is not attested; since 2023.
        optional transport_system: i64 = "transport_system",
    }
}

impl Server {
    /// The most age of an [`online_ping`](Self::online_ping) of a running server: two minutes. A server pings every 30 s; the
    /// rest allows for lost pings and different clocks.
    pub const PING_FRESH: Duration = Duration::from_secs(120);

    /// The same record, marked as the content of a status or heartbeat event, for which [`is_up`](Self::is_up) has other rules
    /// than for a REST response. `alta-ws` marks its events.
    #[must_use]
    pub fn from_event(mut self) -> Self {
        self.is_event = true;
        self
    }

    /// Returns whether the server runs, according to this record and the current time. See [`is_up_at`](Self::is_up_at).
    pub fn is_up(&self) -> bool {
        self.is_up_at(Timestamp::now())
    }

    /// Returns whether the server runs: [`is_online`](Self::is_online) decides if it is present. Otherwise, in a REST response,
    /// [`final_status`](Self::final_status) decides if it is present and known, else the age of
    /// [`online_ping`](Self::online_ping) at `now`. In a status or heartbeat event, only the ping decides: an event without a
    /// ping comes from a server that starts or stops, and its status is Online in both cases.
    pub fn is_up_at(&self, now: Timestamp) -> bool {
        match (self.is_online, &self.final_status) {
            (Some(is_online), _) => is_online,
            (None, Some(ServerStatus::Online)) if !self.is_event => true,
            (None, Some(ServerStatus::Offline | ServerStatus::ForcedOffline)) if !self.is_event => {
                false
            }
            (None, _) => self
                .online_ping
                .is_some_and(|ping| now.saturating_duration_since(ping) <= Self::PING_FRESH),
        }
    }
}

open_enum! {
    /// The status of a server.
    pub enum ServerStatus {
        /// It runs.
        Online: "Online" = 1,
        /// It does not run.
        Offline: "Offline" = 0,
        /// It was stopped and stays so.
        ForcedOffline: "ForcedOffline" = -1,
    }
}

open_enum! {
    /// The type of a server's owner.
    pub enum OwnerType {
        /// A group.
        Group: "Group" = 1,
        /// One player.
        Individual: "Individual" = 0,
        /// A group's administrators; the models number it as Group.
        GroupAdmins: "GroupAdmins",
        /// The game.
        World: "World" = 2,
    }
}

open_enum! {
    /// The type of a server.
    pub enum ServerType {
        /// A group's server.
        Normal: "Normal" = 0,
        /// A world of the game itself.
        World: "World" = 1,
    }
}

open_enum! {
    /// The pool of machines of a server: a name without a number in the models.
    pub enum Fleet {
        /// PC servers.
        AttRelease: "att-release",
        /// Quest servers.
        AttQuest: "att-quest",
    }
}

open_enum! {
    /// The accounts that may join a server.
    pub enum JoinType {
        /// Members of its private group. The models call the same value `GroupMember` as well.
        PrivateGroup: "PrivateGroup" | "GroupMember" = 0,
        /// Anyone.
        Public: "Public" = 1,
        /// Anyone, by joining its open group.
        OpenGroup: "OpenGroup" = 2,
        /// Supporters.
        SupporterOnly: "SupporterOnly" = 3,
        /// Players that the game assigns to this copy of a world.
        WorldInstance: "WorldInstance" = 4,
        /// Members of its public group.
        PublicGroup: "PublicGroup" = 5,
    }
}

model! {
    /// A region of servers, from `GET servers/regions` (Alta .NET models).
    #[doc(alias = "RegionInfo")]
    pub struct Region {
        /// The name that requests use, `north-america-east`.
        required name: String = "name",
        /// The name for people; empty when the server sent none.
        default display_name: String = "display_name",
        /// Two letters; empty when the server sent none.
        default country_code: String = "country_code",
        /// An address to measure the distance to; empty when the server sent none.
        default ping_address: String = "ping_address",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn server(fields: &serde_json::Value) -> Server {
        let mut all = json!({"id": 1});
        all.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn a_server_with_nothing_but_an_id_is_read_and_is_down() {
        assert!(!server(&json!({})).is_up());
    }

    #[test]
    fn is_online_precedes_final_status_and_final_status_precedes_the_ping() {
        let now: Timestamp = "2023-09-18T05:36:00Z".parse().unwrap();
        let ping = "2023-09-18T05:35:28.799191Z";
        let stale = "2023-09-18T05:30:00Z";
        for (fields, up) in [
            (json!({"is_online": true, "final_status": "Offline"}), true),
            (
                json!({"is_online": false, "final_status": "Online", "online_ping": ping}),
                false,
            ),
            (
                json!({"final_status": "Online", "online_ping": stale}),
                true,
            ),
            (json!({"final_status": 1}), true),
            (
                json!({"server_status": "Online", "final_status": "Offline", "online_ping": ping}),
                false,
            ),
            (json!({"final_status": -1, "online_ping": ping}), false),
            (
                json!({"final_status": "Starting", "online_ping": ping}),
                true,
            ),
            (
                json!({"server_status": "Online", "online_ping": ping}),
                true,
            ),
            (
                json!({"server_status": "Online", "online_ping": stale}),
                false,
            ),
            (json!({"server_status": "Online"}), false),
        ] {
            assert_eq!(server(&fields).is_up_at(now), up, "{fields}");
        }
    }

    #[test]
    fn in_an_event_without_is_online_the_ping_alone_decides() {
        let now: Timestamp = "2023-09-18T05:36:00Z".parse().unwrap();
        let ping = "2023-09-18T05:35:28.799191Z";
        for (fields, up) in [
            (json!({"final_status": "Online"}), false),
            (json!({"server_status": "Online", "final_status": 1}), false),
            (
                json!({"final_status": "Online", "online_ping": null}),
                false,
            ),
            (json!({"final_status": "Online", "online_ping": ping}), true),
            (json!({"online_ping": ping}), true),
            (json!({"online_ping": "2023-09-18T05:30:00Z"}), false),
            (json!({"is_online": true}), true),
            (json!({"is_online": false, "online_ping": ping}), false),
        ] {
            let heard = server(&fields).from_event();
            assert_eq!(heard.is_up_at(now), up, "{fields}");
        }
    }

    #[test]
    fn both_names_of_one_join_type_are_the_same() {
        assert_eq!(
            server(&json!({"join_type": "GroupMember"})).join_type,
            Some(JoinType::PrivateGroup)
        );
    }
}
