//! The service's part of the load server.
//!
//! It replies to every request at once with success. `flood/N` sends N events for the subscriptions of the connection, `pace/R/S`
//! sends R events a second for S seconds, for all subscriptions of all connections.

use crate::server::frames::Frames;
use crate::server::{Action, Connection, Protocol};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

#[derive(Deserialize)]
struct Request {
    id: u64,
    method: String,
    path: String,
}

/// One connection.
#[derive(Default)]
pub(crate) struct Service {
    keys: Vec<String>,
}

impl Service {
    fn events(&self) -> Arc<Frames> {
        Arc::new(Frames::new(self.keys.iter().map(|key| status(key))))
    }
}

impl Protocol for Service {
    fn receive(&mut self, text: &[u8], connection: &mut Connection) -> Option<Action> {
        let Request { id, method, path } = serde_json::from_slice(text).ok()?;
        let reply = format!(
            r#"{{"id":{id},"event":"response","key":"{method} /ws/{path}","content":"","responseCode":200}}"#
        );
        let words: Vec<&str> = path.split('/').collect();
        let action = match words[..] {
            ["subscription", _, key] => {
                self.keys.push(key.to_owned());
                Some(Action::Subscribe(Arc::new(Frames::new([status(key)]))))
            }
            ["flood", count] => {
                connection.flood(self.events(), count.parse().ok()?, reply);
                return None;
            }
            ["pace", rate, seconds] => Some(Action::Pace {
                rate: rate.parse().ok()?,
                lasting: Duration::from_secs_f64(seconds.parse().ok()?),
            }),
            _ => None,
        };
        connection.send(&reply);
        action
    }
}

/// The status of a server with three players.
fn status(group: &str) -> String {
    let content = format!(
        r#"{{"id":1234567,"name":"A Quiet Place","online_players":[{{"id":1200000001,"username":"fernhollow"}},{{"id":1200000002,"username":"Ashwick"}},{{"id":1200000003,"username":"juno_9"}}],"server_status":"Online","final_status":"Online","scene_index":0,"target":1,"region":"north-america-east","online_ping":"2023-07-02T03:04:55.727087Z","last_online":"2023-07-02T03:04:55.727087Z","description":"Slow and friendly","playability":0.0,"version":"main-1.7.2.1.42203","group_id":{group},"owner_type":"Group","owner_id":7,"type":"Normal","fleet":"att-quest","up_time":"2.03:04:05"}}"#
    );
    let content = Value::from(content);
    format!(
        r#"{{"id":0,"event":"group-server-status","key":"{group}","content":{content},"responseCode":200}}"#
    )
}
