//! Runs the snippets of `docs/from-py-tale.md`, which cover everything that py-tale's README documents.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(clippy::print_stdout, reason = "the snippets show how values are used")]

mod document;
mod errors;
mod functions;
mod subscriptions;

use alta_sim::Sim;
use pytale::bot::{BotCredentials, Builder, Endpoints, Password, UserCredentials};
use pytale::prelude::*;
use std::future::Future;

type TestResult = Result<(), Box<dyn std::error::Error>>;

/// A simulated cloud with a bot and one server.
struct World {
    sim: Sim,
    bot: Bot,
    server: ServerId,
    group: GroupId,
}

fn id(number: u64) -> i64 {
    number.try_into().unwrap()
}

fn endpoints(sim: &Sim) -> Endpoints {
    let address = |url: String| url.parse().unwrap();
    Endpoints::new(
        address(sim.token_url()),
        address(sim.rest_url()),
        address(sim.socket_url()),
    )
}

fn builder(sim: &Sim) -> Builder {
    let (bot, user) = (sim.bot(), sim.user());
    Bot::builder()
        .bot(BotCredentials::new(bot.client_id, bot.client_secret))
        .user(UserCredentials::new(
            user.username,
            Password::plain(user.password),
        ))
        .endpoints(endpoints(sim))
}

async fn world() -> World {
    let sim = Sim::builder().start().await.unwrap();
    let bot = builder(&sim).connect().await.unwrap();
    let server = ServerId::new(id(sim.server()));
    let group = GroupId::new(id(sim.group()));
    World {
        sim,
        bot,
        server,
        group,
    }
}

async fn world_with_console() -> World {
    let world = world().await;
    let create = world.bot.create_console(world.server);
    create.ensure_open(Duration::from_secs(10)).await.unwrap();
    world
}

/// Fails if a snippet takes longer than anything that succeeds.
async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future)
        .await
        .expect("the snippet ends in time")
}
