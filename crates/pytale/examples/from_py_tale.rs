//! A bot written for py-tale, translated line by line: a comment shows each line of Python above the Rust code for it.
//!
//! Without `ALTA_CLIENT_ID` and `ALTA_CLIENT_SECRET` in the environment it runs in a simulated town.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod common;

use pytale::prelude::*;
use pytale::{Error, ws};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // bot = Py_Tale()
    // bot.config(client_id=…, user_id=…, scope_string=…, client_secret=…, debug=False)
    let (settings, _town) = common::settings().await?;
    // asyncio.create_task(bot.run())
    // await bot.wait_for_ws()
    let bot = settings.debug(false).connect().await?;
    // await bot.main_sub(f"subscription/me-group-invite-create/{user_id}", on_invite)
    let me = bot.user_id().ok_or("these credentials are not a bot's")?;
    let path = format!("subscription/me-group-invite-create/{me}");
    bot.main_sub(&path).callback(on_invite).await?;
    // for invite in await bot.request_invites(): await bot.request_accept_invite(invite["id"])
    for invite in bot.request_invites().await? {
        bot.request_accept_invite(invite.id).await?;
    }
    // for server in await bot.request_consoles(): await bot.create_console(server["id"])
    for server in bot.request_consoles().await? {
        bot.create_console(server.id).await?;
    }
    // await bot.console_sub("PlayerMovedChunk", on_moved)
    bot.console_sub("PlayerMovedChunk")
        .callback(on_moved)
        .await?;
    // while True: await asyncio.sleep(1)
    Ok(bot.run().await?)
}

async fn on_invite(bot: Bot, data: ws::Event<Value>) -> Result<(), Error> {
    // await bot.request_accept_invite(json.loads(data["content"])["id"])
    let group = GroupId::new(data.data["id"].as_i64().unwrap_or_default());
    bot.request_accept_invite(group).await.map(drop)
}

async fn on_moved(bot: Bot, data: Event<Value>) -> Result<(), Error> {
    // layer, who = data["data"]["newChunk"], data["data"]["player"]
    let (layer, who) = (data.data["newChunk"].as_str(), &data.data["player"]);
    // if layer.startswith("Cave Layer"):
    if let (Some(layer), Some(server)) = (layer, data.server)
        && layer.starts_with("Cave Layer")
    {
        println!("{} went to {layer}", who["username"]);
        // await bot.send_command_console(data["server_id"], f'player message {who["id"]} "{layer}"')
        let line = format!("player message {} \"{layer}\"", who["id"]);
        bot.send_command_console(server, line).await?;
    }
    Ok(())
}
