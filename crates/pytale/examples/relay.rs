//! Posts events to Discord webhooks, with settings for each server: one of py-tale's examples.
//!
//! `RELAY_SETTINGS` names a JSON file: `{"3000011": {"webhook": "https://…", "events": ["PlayerJoined"]}}`. The joins
//! and kills of other servers are printed. Without `ALTA_CLIENT_ID` this runs in a simulated town.
#![allow(clippy::print_stdout, reason = "an example prints to the terminal")]

mod common;

use pytale::console::Subscription;
use pytale::http::{Config, HttpClient};
use pytale::kit::HandlerError;
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (settings, _town) = common::settings().await?;
    let servers: Value = match std::env::var("RELAY_SETTINGS") {
        Ok(file) => serde_json::from_slice(&std::fs::read(file)?)?,
        Err(_) => json!({}),
    };
    let bot = settings.connect().await?;
    let http = HttpClient::web_roots(&Config::default())?;
    for server in bot.request_consoles().await? {
        let settings = &servers[server.id.to_string()];
        let usual = json!(["PlayerJoined", "PlayerKilled"]);
        let events = settings["events"].as_array().or(usual.as_array());
        let names = events.into_iter().flatten().filter_map(Value::as_str);
        let events = bot.create_console(server.id).await?.subscribe_to(names);
        let webhook = settings["webhook"].as_str().map(str::to_owned);
        // One task for each server, so that a slow webhook delays no other.
        tokio::spawn(relay(events.start(), http.clone(), webhook));
    }
    bot.run().await?;
    Ok(())
}

async fn relay(mut events: Subscription<Value>, http: HttpClient, webhook: Option<String>) {
    while let Some(item) = events.next().await {
        let text = match item {
            Ok(event) => format!("{}: {} {}", event.console, event.name, event.data),
            Err(missed) => missed.to_string(),
        };
        match &webhook {
            None => println!("{text}"),
            Some(webhook) => match post(&http, webhook, &text).await {
                Ok(status) if status.is_success() => {}
                Ok(status) => eprintln!("{status} for {text}"),
                Err(error) => eprintln!("{error} for {text}"),
            },
        }
    }
}

async fn post(http: &HttpClient, to: &str, text: &str) -> Result<http::StatusCode, HandlerError> {
    // Discord accepts 2,000 characters.
    let body = json!({"content": text.chars().take(2_000).collect::<String>()}).to_string();
    let post = http::Request::post(to).header("content-type", "application/json");
    Ok(http.send(post.body(body.into())?).await?.status())
}
