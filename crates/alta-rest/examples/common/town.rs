//! A REST client in the simulated town's bot's name.

use std::{error::Error, sync::Arc};

use alta_auth::{BotCredentials, BotLogin, Endpoints, TokenCache};
use alta_http::HttpClient;
use alta_rest::{Client, Identities};
use alta_sim::Sim;

/// The login and the calls both go by `http`.
pub(crate) fn client(http: HttpClient, town: &Sim) -> Result<Client, Box<dyn Error + Send + Sync>> {
    let endpoints = Endpoints::new(town.token_url().parse()?, town.rest_url().parse()?);
    let bot = BotCredentials::new(town.bot().client_id, town.bot().client_secret);
    let tokens = TokenCache::new(BotLogin::new(http.clone(), bot, &endpoints));
    let identities = Identities::bot(Arc::new(tokens));
    Ok(Client::new(http, endpoints.rest_url, identities))
}
