//! Runs many servers with one bot: the servers of a group in the cloud, or a list of self-hosted servers. Each call of a handler knows
//! its server, and a server that is down disturbs no other.

use alta_bot::{Bot, Builder, Error, GroupId, Handlers, ManagedBot, Rules};
use alta_bot::{commands::player, event::PlayerJoined};
use att_console::TokenFile;
use att_kit::{Consoles, Runner};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    if let Ok(group) = std::env::var("GROUP_ID") {
        let bot = servers_of_group(Bot::builder().read_env(), group.parse()?).await?;
        bot.run().await?;
    } else {
        let other = TokenFile::new("ws://192.0.2.7:1760".parse()?, "other_token.txt");
        let hosts = [("Thornwood", TokenFile::local()?), ("Emberfall", other)];
        list_of_hosts(hosts).run().await?;
    }
    Ok(())
}

pub(crate) async fn servers_of_group(bot: Builder, group: GroupId) -> Result<ManagedBot, Error> {
    let bot = bot.managed().rules(Rules::default().only([group]));
    bot.handlers(handlers()).start().await
}

pub(crate) fn list_of_hosts<A: att_console::Access>(
    hosts: impl IntoIterator<Item = (&'static str, A)>,
) -> Runner {
    let consoles = Consoles::new();
    for (name, access) in hosts {
        consoles.open(name, access);
    }
    Runner::new(consoles, handlers())
}

fn handlers() -> Handlers {
    Handlers::new().on::<PlayerJoined>(|console, event| async move {
        let text = format!("Welcome to {}!", console.label());
        console
            .command(player::message(event.data.user, text))
            .await
    })
}
