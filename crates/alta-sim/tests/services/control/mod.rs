//! The control port, as a test in another language uses it.

mod actions;
mod document;
mod garbage;
mod seen;
mod web_pages;

use crate::support::{Reply, Socket, TIMEOUT, console, http};
use alta_sim::Sim;
use serde_json::Value;
use std::net::Ipv4Addr;

/// A simulator, and the address of its control port.
struct Town {
    sim: Sim,
    url: String,
}

impl Town {
    async fn new() -> Self {
        let sim = Sim::builder().timeout(TIMEOUT).start().await.unwrap();
        let address = sim.serve_control((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let url = format!("http://{address}");
        Self { sim, url }
    }

    async fn call(&self, method: &str, path: &str, body: &str) -> Reply {
        http(method, &format!("{}{path}", self.url), &[], body).await
    }

    async fn get(&self, path: &str) -> Value {
        let reply = self.call("GET", path, "").await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let reply = self.call("POST", path, &body.to_string()).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()
    }

    /// The status and the error of a request that fails.
    async fn refused(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let reply = self.call(method, path, body).await;
        let error = reply.json()["error"].as_str().unwrap().to_owned();
        (reply.status, error)
    }

    async fn subscribed(&self) -> Socket {
        let mut bot = console(&self.sim, self.sim.server()).await;
        bot.command(1, "websocket subscribe PlayerJoined").await;
        bot
    }
}
