//! `cargo xtask record`: calls against a live service, written as recordings without anything that was somebody's.

mod call;
mod names;
mod scrub;

use std::{
    collections::BTreeMap,
    env, fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use alta_auth::{
    BotCredentials, BotLogin, Endpoints, Password, StaticToken, TokenCache, TokenSource,
    UserCredentials, UserLogin,
};
use alta_http::{Config, HttpClient};
use alta_rest::{Account, Client, Identities};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use url::Url;

use self::call::{Call, Exchange};
use crate::{Error, replay_rest::endpoint_of, root};

/// What to record, and where.
#[derive(Args)]
pub(crate) struct Options {
    /// The API's base, such as `http://127.0.0.1:8080/api`.
    #[arg(long)]
    pub(crate) base_url: Url,
    /// Where bots log in; only needed with `ALTA_CLIENT_ID`.
    #[arg(long)]
    pub(crate) token_url: Option<Url>,
    /// In whose name.
    #[arg(long = "as", value_enum, default_value_t = Who::Either)]
    pub(crate) account: Who,
    /// What the recordings name as their source.
    #[arg(long, default_value = "cargo xtask record")]
    pub(crate) source: String,
    /// The folder to write to. `fixtures/rest` by default.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// The calls: a method, a path below the base with its query, and perhaps a body of JSON, in quotes. `GET groups/joined`,
    /// `POST users/search/username {"username": "Ashwick"}`. They are really made: name none that changes what must stay.
    #[arg(required = true)]
    pub(crate) calls: Vec<String>,
}

/// In whose name a call is recorded.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Who {
    /// The bot's if it can log in, else the user's.
    Either,
    Bot,
    User,
    None,
}

/// Makes the calls and writes a recording of each. Credentials come from the environment: `ALTA_BOT_TOKEN`, or
/// `ALTA_CLIENT_ID` and `ALTA_CLIENT_SECRET`; `ALTA_USER_TOKEN`, or `ALTA_USERNAME` and `ALTA_PASSWORD`.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let http = HttpClient::web_roots(&Config::default())?;
    let identities = identities(&http, options)?;
    let recordings = runtime.block_on(record(options, http, identities))?;
    let folder = options
        .out
        .clone()
        .unwrap_or_else(|| root().join("fixtures/rest"));
    fs::create_dir_all(&folder)?;
    let path = |name: &str| folder.join(format!("{name}.json"));
    // All or none.
    if let Some((name, _)) = recordings.iter().find(|(name, _)| path(name).exists()) {
        return Err(format!("{} is there already", path(name).display()).into());
    }
    for (name, recording) in recordings {
        let path = path(&name);
        let mut text = serde_json::to_string_pretty(&recording)?;
        text.push('\n');
        fs::write(&path, text)?;
        println!("{}", path.display());
    }
    Ok(())
}

fn identities(http: &HttpClient, options: &Options) -> Result<Identities, Error> {
    let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let endpoints = Endpoints::new(
        options
            .token_url
            .clone()
            .unwrap_or_else(|| options.base_url.clone()),
        options.base_url.clone(),
    );
    let mut identities = Identities::default();
    if let Some(token) = set("ALTA_BOT_TOKEN") {
        identities = identities.with_bot(Arc::new(StaticToken::new(token)));
    } else if let (Some(id), Some(secret)) = (set("ALTA_CLIENT_ID"), set("ALTA_CLIENT_SECRET")) {
        if options.token_url.is_none() {
            return Err("a bot logs in at --token-url".into());
        }
        let login = BotLogin::new(http.clone(), BotCredentials::new(id, secret), &endpoints);
        identities = identities.with_bot(Arc::new(TokenCache::new(login)));
    }
    if let Some(token) = set("ALTA_USER_TOKEN") {
        identities = identities.with_user(Arc::new(StaticToken::new(token)));
    } else if let (Some(name), Some(password)) = (set("ALTA_USERNAME"), set("ALTA_PASSWORD")) {
        let user = UserCredentials::new(name, Password::automatic(password));
        let login = UserLogin::new(http.clone(), user, &endpoints);
        let tokens: Arc<dyn TokenSource> = Arc::new(TokenCache::new(login));
        identities = identities.with_user(tokens);
    }
    Ok(identities)
}

/// Makes the calls in order, and gives each as a recording under its name, with all that was somebody's replaced.
pub(crate) async fn record(
    options: &Options,
    http: HttpClient,
    identities: Identities,
) -> Result<Vec<(String, Value)>, Error> {
    let calls: Vec<Call> = options
        .calls
        .iter()
        .map(|text| text.parse())
        .collect::<Result<_, Error>>()?;
    let account = match options.account {
        Who::Either => Account::Either,
        Who::Bot => Account::Bot,
        Who::User => Account::User,
        Who::None => Account::None,
    };
    let is_bot = match options.account {
        Who::Either => identities.bot.is_some(),
        Who::Bot => true,
        Who::User | Who::None => false,
    };
    let log = Arc::default();
    let client = Client::new(logging(http, &log), options.base_url.clone(), identities);
    let mut exchanges = Vec::new();
    for call in calls {
        // An answer that is an error is recorded as well; no answer at all is the end.
        let result = client.send(&call.request(account)).await;
        let last = log.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (last, result) {
            (Some(exchange), _) => {
                exchanges.push(Exchange::new(&call, &exchange, account, is_bot)?);
            }
            (None, Err(error)) => return Err(error.into()),
            (None, Ok(_)) => return Err("an answer came that nobody saw".into()),
        }
    }
    let values: Vec<Value> = exchanges.iter().map(|made| made.value.clone()).collect();
    let values = scrub::scrub(values)?;
    let mut taken = BTreeMap::new();
    let mut recordings = Vec::new();
    for (exchange, value) in exchanges.into_iter().zip(values) {
        let (method, path) = (&value["request"]["method"], &value["request"]["path"]);
        let (method, path) = (
            method.as_str().unwrap_or_default(),
            path.as_str().unwrap_or_default(),
        );
        let of = endpoint_of(method, path);
        let title = of.map_or_else(
            || format!("{method} {path}"),
            |call| format!("{method} {}", call.path()),
        );
        let name = of.map_or_else(
            || names::kebab(&format!("{method} {path}")),
            |call| names::kebab(call.request),
        );
        let count = taken.entry(name.clone()).or_insert(0);
        *count += 1;
        let name = match count {
            1 => format!("recorded-{name}"),
            count => format!("recorded-{name}-{count}"),
        };
        let title = match exchange.status {
            200..300 => title,
            status => format!("{title}: {status}"),
        };
        recordings.push((
            name,
            json!({
                "name": title,
                "source": options.source,
                "kind": "rest",
                "basis": "recorded",
                "request": value["request"],
                "response": value["response"],
            }),
        ));
    }
    Ok(recordings)
}

type Log = Arc<Mutex<Option<call::Raw>>>;

/// The same client, whose last exchange is kept.
fn logging(http: HttpClient, log: &Log) -> HttpClient {
    let log = Arc::clone(log);
    HttpClient::whole(tower::service_fn(
        move |request: http::Request<bytes::Bytes>| {
            let (http, log) = (http.clone(), Arc::clone(&log));
            async move {
                let sent = request.body().clone();
                let response = http.send(request).await?;
                let raw = call::Raw {
                    sent,
                    answer: response.clone(),
                };
                *log.lock().unwrap_or_else(PoisonError::into_inner) = Some(raw);
                Ok::<_, alta_http::Error>(response)
            }
        },
    ))
}

#[cfg(test)]
mod tests {
    use alta_http::Tls;
    use alta_sim::Sim;

    use super::*;
    use crate::{fixtures::Fixture, replay_rest};

    async fn recorded(sim: &Sim, calls: &[&str]) -> Vec<(String, Value)> {
        let options = Options {
            base_url: sim.rest_url().parse().unwrap(),
            token_url: None,
            account: Who::Either,
            source: "a simulated town".to_owned(),
            out: None,
            calls: calls.iter().map(|call| (*call).to_owned()).collect(),
        };
        let http = HttpClient::over_tls(&Tls::with_roots([[0; 0]; 0]).unwrap(), &Config::default());
        let bot = Identities::bot(Arc::new(StaticToken::new(sim.bot_token())));
        let identities = bot.with_user(Arc::new(StaticToken::new(sim.user_token())));
        record(&options, http, identities).await.unwrap()
    }

    fn in_town<T>(play: impl AsyncFnOnce(&Sim) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let sim = Sim::builder().start().await.unwrap();
            play(&sim).await
        })
    }

    #[test]
    fn no_original_value_survives_and_what_was_the_same_stays_the_same() {
        let (recordings, secrets) = in_town(async |sim| {
            let wick = sim.player_joins(sim.server(), "Q'orl wick").unwrap();
            let (group, server) = (sim.group(), sim.server());
            let recordings = recorded(
                sim,
                &[
                    "GET groups/joined?limit=10",
                    &format!("GET groups/{group}"),
                    &format!("GET groups/{group}/members"),
                    &format!("GET servers/{server}"),
                    &format!("POST servers/{server}/console {{\"should_launch\": false, \"ignore_offline\": false}}"),
                    &format!("GET groups/{group}/members/{wick}"),
                ],
            )
            .await;
            let mut secrets: Vec<String> = [group, server, wick, sim.bot().user_id]
                .iter()
                .map(u64::to_string)
                .collect();
            secrets.extend([
                "Q'orl".to_owned(),
                sim.bot().username,
                "Thornwood".to_owned(),
            ]);
            secrets.push(sim.bot_token());
            (recordings, secrets)
        });
        let text = serde_json::to_string(&recordings).unwrap();
        for secret in secrets.iter().map(String::as_str).chain(["eyJ"]) {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
        let [joined, group, members, server, console, member] = &recordings[..] else {
            panic!("{} recordings", recordings.len())
        };
        let body = |of: &(String, Value)| of.1["response"]["body"].clone();
        let id = &body(group)["id"];
        assert_eq!(&body(joined)[0]["group"]["id"], id);
        assert_eq!(&body(joined)[0]["member"]["group_id"], id);
        assert_eq!(&body(members)[0]["group_id"], id);
        assert_eq!(
            body(joined)[0]["group"]["servers"][0]["id"],
            body(server)["id"]
        );
        assert_eq!(body(console)["server_id"], body(server)["id"]);
        assert_eq!(body(console)["token"], "<token 1>");
        assert_eq!(group.1["request"]["path"], format!("/groups/{id}"));
        assert_eq!(member.1["response"]["status"], 404);
        assert_eq!(
            joined.1["request"]["headers"]["authorization"],
            "Bearer <bot access token>"
        );
        assert_eq!(joined.0, "recorded-list-joined-groups");
    }

    #[test]
    fn what_is_recorded_is_in_the_format_and_can_be_replayed() {
        let recordings = in_town(async |sim| {
            let (group, server) = (sim.group(), sim.server());
            sim.add_member(group, "Larch_9").unwrap();
            let name = sim.user().username;
            recorded(
                sim,
                &[
                    "GET groups/joined?limit=1",
                    &format!("GET groups/{group}/members"),
                    &format!("GET servers/{server}"),
                    &format!("POST servers/{server}/console {{\"should_launch\": false, \"ignore_offline\": true}}"),
                    "POST groups/invites/42",
                    &format!("GET servers/name/{name}%27s%20town"),
                ],
            )
            .await
        });
        for (name, recording) in recordings {
            let fixture = Fixture {
                name: format!("rest/{name}"),
                recording,
            };
            let mut problems = crate::fixtures::format_problems(&fixture);
            problems.extend(
                replay_rest::exchange(&fixture)
                    .into_iter()
                    .flat_map(|(_, found)| found),
            );
            assert_eq!(problems, [] as [&str; 0], "{name}: {}", fixture.recording);
        }
    }
}
