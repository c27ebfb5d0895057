//! Shared parts of the tests of a bot against the simulator.

use alta_bot::{Bot, BotCredentials, Builder, Endpoints, UserCredentials};
use alta_model::{GroupId, ServerId};
use alta_sim::Sim;
use std::future::IntoFuture;
use std::time::Duration;

pub(crate) const TEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The output of a future, with a timeout.
pub(crate) async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    tokio::time::timeout(TEST_TIMEOUT, future.into_future())
        .await
        .expect("it takes too long")
}

fn endpoints(sim: &Sim) -> Endpoints {
    Endpoints::new(
        sim.token_url().parse().unwrap(),
        sim.rest_url().parse().unwrap(),
        sim.socket_url().parse().unwrap(),
    )
}

pub(crate) fn builder(sim: &Sim) -> Builder {
    let account = sim.bot();
    let account = BotCredentials::new(account.client_id, account.client_secret);
    Bot::builder().bot(account).endpoints(endpoints(sim))
}

pub(crate) fn user_only(sim: &Sim) -> Builder {
    Bot::builder().user(user(sim)).endpoints(endpoints(sim))
}

pub(crate) async fn connect(sim: &Sim) -> Bot {
    within(builder(sim).connect()).await.unwrap()
}

/// The user's credentials.
pub(crate) fn user(sim: &Sim) -> UserCredentials {
    let user = sim.user();
    UserCredentials::new(user.username, alta_bot::Password::plain(user.password))
}

pub(crate) fn server(sim: &Sim) -> ServerId {
    ServerId::new(sim.server().try_into().unwrap())
}

pub(crate) fn group(sim: &Sim) -> GroupId {
    GroupId::new(sim.group().try_into().unwrap())
}
