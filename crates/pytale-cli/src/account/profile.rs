//! The account that the profile or the environment names.

use super::failure::of_login;
use super::secret::{self, Secrets};
use crate::failure::Failure;
use crate::settings::{Profile, Settings};
use pytale::Bot;
use pytale::auth::{BotCredentials, Password, Secret, UserCredentials};
use pytale::bot::{Builder, Endpoints};
use pytale::http::without_credentials;
use pytale::rest::Client;
use std::path::PathBuf;
use std::str::FromStr;

/// An account of the cloud. Its secret is read when it logs in.
#[derive(Debug)]
pub(crate) struct Account {
    profile: Option<(String, Profile)>,
    /// The account of the profile. Without one, the account is that of the environment.
    identity: Option<Identity>,
    /// The configuration file, for messages.
    file: PathBuf,
    /// The profiles that name an account, for messages.
    others: Vec<String>,
}

/// The account that a profile names.
#[derive(Debug)]
struct Identity {
    kind: Kind,
    name: String,
    secrets: Secrets,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Bot,
    User,
}

impl Account {
    /// The account of the named profile, of the default one, or else of the environment.
    pub(crate) fn find(profile: Option<&str>, settings: &Settings) -> Result<Self, Failure> {
        let profile = settings.profile(profile)?;
        let identity = match profile {
            Some((name, profile)) => identity(name, profile, settings)?,
            None => None,
        };
        Ok(Self {
            profile: profile.map(|(name, profile)| (name.to_owned(), profile.clone())),
            identity,
            file: settings.path().to_owned(),
            others: settings
                .profiles
                .iter()
                .filter(|(_, profile)| profile.client_id.is_some() || profile.username.is_some())
                .map(|(name, _)| name.clone())
                .collect(),
        })
    }

    /// The name of the profile.
    pub(crate) fn profile(&self) -> Option<&str> {
        self.profile.as_ref().map(|(name, _)| name.as_str())
    }

    /// The address of the private cloud without user name and password, or the name of Alta's.
    pub(crate) fn cloud(&self) -> String {
        let of_profile = self
            .profile
            .as_ref()
            .and_then(|(_, profile)| profile.rest_url.clone());
        let Some(text) = of_profile.or_else(|| secret::variable("ALTA_REST_URL")) else {
            return "Alta's cloud".to_owned();
        };
        let mut url = Endpoints::default().rest_url;
        match set(&mut url, "", "rest-url", Some(&text)) {
            Ok(()) => without_credentials(&url).to_string(),
            Err(_) => "a private cloud".to_owned(),
        }
    }

    /// The places of the profile's secret, and its name in messages.
    pub(crate) fn secrets(&self) -> Result<&Secrets, Failure> {
        match &self.identity {
            Some(identity) => Ok(&identity.secrets),
            None if self.others.is_empty() && is_in_environment() => Err(Failure::usage(
                "a secret is stored for a profile, and no profile names an account",
            )
            .advice(format!(
                "set client-id or username in a profile of {}",
                self.file.display()
            ))),
            None => Err(self.no_account()),
        }
    }

    /// Logs in with the secret of the profile or of the environment.
    pub(crate) async fn log_in(&self) -> Result<Client, Failure> {
        let secret = match &self.identity {
            Some(identity) => Some(identity.secrets.read()?),
            None => None,
        };
        self.log_in_with(secret).await
    }

    /// Logs in with this secret.
    pub(crate) async fn log_in_with(&self, secret: Option<Secret>) -> Result<Client, Failure> {
        let builder = match (&self.identity, secret) {
            (Some(identity), Some(secret)) => identity.builder(secret),
            _ if is_in_environment() => Bot::builder().read_env(),
            _ => return Err(self.no_account()),
        };
        let builder = match self.endpoints()? {
            Some(endpoints) => builder.endpoints(endpoints),
            None => builder,
        };
        builder.rest().await.map_err(|error| {
            let advice = match self.profile() {
                Some(name) => format!("check the profile {name} in {}", self.file.display()),
                None => "check the variables that begin with ALTA_".to_owned(),
            };
            of_login(&error, &advice)
        })
    }

    /// The addresses of the profile. Those of the environment are used if the account is that of the environment.
    fn endpoints(&self) -> Result<Option<Endpoints>, Failure> {
        let Some((name, profile)) = &self.profile else {
            return Ok(None);
        };
        let given = [&profile.token_url, &profile.rest_url, &profile.socket_url];
        if given.iter().all(|url| url.is_none()) {
            // Alta's cloud for an account of the profile.
            return Ok(self.identity.as_ref().map(|_| Endpoints::default()));
        }
        // A login with the secret of a private cloud must not reach another one.
        for (key, url) in [
            ("token-url", &profile.token_url),
            ("rest-url", &profile.rest_url),
        ] {
            if url.is_none() {
                return Err(Failure::usage(format!(
                    "the profile {name} sets an address of a private cloud, but not {key}"
                ))
                .advice("set token-url and rest-url"));
            }
        }
        let mut endpoints = Endpoints::default();
        set(
            &mut endpoints.token_url,
            name,
            "token-url",
            profile.token_url.as_deref(),
        )?;
        set(
            &mut endpoints.rest_url,
            name,
            "rest-url",
            profile.rest_url.as_deref(),
        )?;
        set(
            &mut endpoints.socket_url,
            name,
            "socket-url",
            profile.socket_url.as_deref(),
        )?;
        Ok(Some(endpoints))
    }

    fn no_account(&self) -> Failure {
        let message = match self.profile() {
            Some(name) => format!("the profile {name} names no account of the cloud"),
            None => "no account of the cloud is configured".to_owned(),
        };
        let failure = Failure::usage(message);
        if !self.others.is_empty() {
            let others = self.others.join(", ");
            return failure.advice(format!(
                "choose a profile with an account by --profile: {others}"
            ));
        }
        failure.advice(format!(
            "set client-id and client-secret-file in a profile of {}, or the variables ALTA_CLIENT_ID and ALTA_CLIENT_SECRET",
            self.file.display()
        ))
    }
}

impl Identity {
    fn builder(&self, secret: Secret) -> Builder {
        match self.kind {
            Kind::Bot => Bot::builder().bot(BotCredentials::new(self.name.as_str(), secret)),
            Kind::User => {
                let password = Password::automatic(secret.expose());
                let name = self.name.as_str();
                Bot::builder().user(if name.contains('@') {
                    UserCredentials::with_email(name, password)
                } else {
                    UserCredentials::new(name, password)
                })
            }
        }
    }
}

fn identity(
    name: &str,
    profile: &Profile,
    settings: &Settings,
) -> Result<Option<Identity>, Failure> {
    let wrong = |reason: &str| Failure::usage(format!("the profile {name} {reason}"));
    let (kind, account, file) = match (&profile.client_id, &profile.username) {
        (Some(_), Some(_)) => {
            return Err(wrong("sets both client-id and username").advice("use two profiles"));
        }
        (Some(id), None) => (Kind::Bot, id, &profile.client_secret_file),
        (None, Some(username)) => (Kind::User, username, &profile.password_file),
        (None, None) if profile.client_secret_file.is_some() => {
            return Err(wrong("sets client-secret-file, but not client-id"));
        }
        (None, None) if profile.password_file.is_some() => {
            return Err(wrong("sets password-file, but not username"));
        }
        (None, None) => return Ok(None),
    };
    let (what, variable) = match kind {
        Kind::Bot => ("client secret", "ALTA_CLIENT_SECRET"),
        Kind::User => ("password", "ALTA_PASSWORD"),
    };
    Ok(Some(Identity {
        kind,
        name: account.clone(),
        secrets: Secrets {
            what,
            variable,
            profile: name.to_owned(),
            file: file.as_deref().map(|path| settings.path_in(path)),
        },
    }))
}

/// The variables of an account. A secret without its account is an error of the builder.
fn is_in_environment() -> bool {
    const NAMES: [&str; 4] = [
        "ALTA_CLIENT_ID",
        "ALTA_CLIENT_SECRET",
        "ALTA_USERNAME",
        "ALTA_PASSWORD",
    ];
    NAMES
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

fn set<U: FromStr>(
    url: &mut U,
    profile: &str,
    key: &str,
    text: Option<&str>,
) -> Result<(), Failure> {
    let Some(text) = text else {
        return Ok(());
    };
    // The address is not in the message: it may be a secret in the wrong place.
    *url = text.parse().map_err(|_| {
        Failure::usage(format!("{key} of the profile {profile} is not an address"))
            .advice("an address begins with https:// or wss://")
    })?;
    Ok(())
}
