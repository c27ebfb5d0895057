//! A REST client of the simulated town's bot.

use alta_auth::{BotCredentials, BotLogin, Endpoints, TokenCache};
use alta_http::HttpClient;
use alta_rest::{Client, Identities};
use alta_sim::Sim;
use std::error::Error;

/// A client whose login and calls both use `http`.
pub(crate) fn client(http: HttpClient, town: &Sim) -> Result<Client, Box<dyn Error + Send + Sync>> {
    let endpoints = Endpoints::new(town.token_url().parse()?, town.rest_url().parse()?);
    let bot = BotCredentials::new(town.bot().client_id, town.bot().client_secret);
    let tokens = TokenCache::new(BotLogin::new(http.clone(), bot, &endpoints));
    let identities = Identities::bot(tokens);
    Ok(Client::new(http, endpoints.rest_url, identities))
}
