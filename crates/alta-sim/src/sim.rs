use crate::accounts::{BotAccount, UserAccount};
use crate::console;
use crate::error::{Error, ErrorKind};
use crate::listen::Endpoints;
use crate::shared::Shared;
use crate::state::State;
#[cfg(feature = "program")]
use crate::tls::Certificate;
use crate::world::Missing;
use alta_cloud::net::Faults;
use alta_cloud::state::{Identity, Purpose, Scopes};
use alta_cloud::{rest, socket};
use jiff::Timestamp;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// A handle of a running simulator, cheap to clone. When the last clone is dropped, the simulator ends: it closes its ports
/// and stops its tasks.
#[derive(Clone)]
pub struct Sim {
    pub(crate) shared: Arc<Shared>,
    endpoints: Endpoints,
    default: (u64, u64),
    guard: Arc<Guard>,
}

/// Ends the simulator when dropped.
pub(crate) struct Guard(Arc<Shared>);

impl Guard {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.env.tasks.stop();
    }
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim")
            .field("endpoints", &self.endpoints)
            .finish_non_exhaustive()
    }
}

impl Sim {
    pub(crate) fn assemble(guard: Guard, endpoints: Endpoints, default: (u64, u64)) -> Self {
        Self {
            shared: Arc::clone(&guard.0),
            endpoints,
            default,
            guard: Arc::new(guard),
        }
    }

    /// A handle that does not keep the simulator running.
    pub(crate) fn downgrade(&self) -> impl Fn() -> Option<Self> + Clone + Send + Sync + 'static {
        let (shared, endpoints) = (Arc::downgrade(&self.shared), self.endpoints.clone());
        let (default, guard) = (self.default, Arc::downgrade(&self.guard));
        move || {
            Some(Self {
                shared: shared.upgrade()?,
                endpoints: endpoints.clone(),
                default,
                guard: guard.upgrade()?,
            })
        }
    }

    /// Stops the simulator and waits until its tasks have ended. Other clones of the handle are useless afterwards.
    pub async fn shutdown(self) {
        self.shared.env.tasks.stop_and_wait().await;
    }

    /// The address of the token endpoint, `http://127.0.0.1:<port>/connect/token`.
    pub fn token_url(&self) -> String {
        format!("{}/connect/token", self.http_origin())
    }

    /// Returns whether the certificate was made at the start.
    #[cfg(feature = "program")]
    pub(crate) fn has_own_certificate(&self) -> bool {
        matches!(self.shared.config.certificate, Certificate::SelfMade)
    }

    /// An address on another port, without TLS.
    #[cfg(feature = "program")]
    pub(crate) fn http_url(&self, port: u16) -> String {
        format!("http://{}:{port}", self.endpoints.host)
    }

    /// The base address of REST, `http://127.0.0.1:<port>/api`.
    pub fn rest_url(&self) -> String {
        format!("{}/api", self.http_origin())
    }

    fn http_origin(&self) -> String {
        let scheme = if self.endpoints.tls { "https" } else { "http" };
        format!("{scheme}://{}:{}", self.endpoints.host, self.endpoints.http)
    }

    /// The address of the main websocket, `ws://127.0.0.1:<port>/`.
    pub fn socket_url(&self) -> String {
        let scheme = if self.endpoints.tls { "wss" } else { "ws" };
        let (host, port) = (&self.endpoints.host, self.endpoints.socket);
        format!("{scheme}://{host}:{port}/")
    }

    /// The certificate of REST and the main websocket, in DER. It is its own root.
    #[cfg(feature = "tls")]
    pub fn certificate_der(&self) -> Option<&[u8]> {
        self.endpoints.certificate.as_deref()
    }

    /// The certificate of REST and the main websocket, in PEM, as clients need it in a file of roots.
    #[cfg(feature = "tls")]
    pub fn certificate_pem(&self) -> Option<&str> {
        self.endpoints.pem.as_deref()
    }

    /// The address of a server's console, `ws://127.0.0.1:<port>/`. A cloud server gets a new port at every start.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotPossible`] if the server has never been online.
    pub fn console_url(&self, server: u64) -> Result<String, Error> {
        let port = self.shared.look(|state| {
            let open = state.listening.get(&server).map(|listening| listening.port);
            open.or_else(|| state.first_ports.get(&server).copied())
        });
        let port = port.ok_or_else(|| {
            Error::new(
                ErrorKind::NotPossible,
                format!("looking up the console of server {server}"),
            )
        })?;
        Ok(format!("ws://{}:{port}/", self.endpoints.host))
    }

    /// The bot account and its secret.
    pub fn bot(&self) -> BotAccount {
        self.shared.config.bot_account.clone()
    }

    /// The user account and its password.
    pub fn user(&self) -> UserAccount {
        self.shared.config.user_account.clone()
    }

    /// The id of the default group, "Thornwood Folk", or of the first one; 0 in a bare world.
    pub fn group(&self) -> u64 {
        self.default.0
    }

    /// The id of the default server, "Thornwood", or of the first one of a group; 0 in a bare world.
    pub fn server(&self) -> u64 {
        self.default.1
    }

    /// Issues an access token of the bot, as the token endpoint does.
    pub fn bot_token(&self) -> String {
        self.shared.with(|state, now| {
            let cloud = &mut state.world.cloud;
            let (bot, life) = (&self.shared.config.bot_account, cloud.config.token_life);
            let (id, name, client) = (bot.user_id, &bot.username, &bot.client_id);
            // The scopes were parsed at the start.
            let scopes = bot.scopes.parse().unwrap_or(Scopes::NONE);
            cloud.tokens.bot(id, name, client, scopes, now, life)
        })
    }

    /// Issues an access token of the user.
    pub fn user_token(&self) -> String {
        self.shared.with(|state, now| {
            let cloud = &mut state.world.cloud;
            let (user, life) = (
                &self.shared.config.user_account,
                cloud.config.user_token_life,
            );
            let identity = Identity::User(user.user_id);
            let tokens = &mut cloud.tokens;
            tokens.user(identity, &user.username, Purpose::Access, now, life)
        })
    }

    /// A token that a server's console accepts: the constant one of a self-hosted server, or else a new one of the bot.
    pub fn console_token(&self, server: u64) -> String {
        let seed = self.shared.config.seed;
        self.shared.with(|state, now| {
            if state.world.is_self_hosted(server) {
                return console::self_hosted_token(state, server, seed);
            }
            let cloud = &mut state.world.cloud;
            let (bot, life) = (
                &self.shared.config.bot_account,
                cloud.config.console_token_life,
            );
            let identity = Identity::Bot(bot.user_id);
            let tokens = &mut cloud.tokens;
            tokens.user(identity, &bot.username, Purpose::Console(server), now, life)
        })
    }

    /// Ends the life of every token issued so far. The token of a self-hosted server never expires.
    pub fn expire_tokens(&self) {
        self.shared
            .with(|state, _| state.world.cloud.tokens.expire_all());
    }

    /// The time since the start, by the simulator's clock.
    pub fn elapsed(&self) -> Duration {
        self.shared.env.clock.elapsed()
    }

    /// The faults of the simulator.
    pub fn faults(&self) -> Faults {
        self.shared.env.faults.clone()
    }

    /// Serves HTTP (token endpoint, REST, files) on a byte stream, in a task, until the stream ends.
    pub fn serve_http(&self, io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
        let shared = Arc::clone(&self.shared);
        let tasks = &self.shared.env.tasks;
        tasks.spawn(async move {
            if let Some(admission) = shared.env.admit(None) {
                rest::serve(&shared, Box::new(io), admission).await;
            }
        });
    }

    /// Serves the main websocket, including the handshake, on a byte stream, in a task, until the stream ends.
    pub fn serve_main_socket(&self, io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
        let shared = Arc::clone(&self.shared);
        let tasks = &self.shared.env.tasks;
        tasks.spawn(async move {
            if let Some(admission) = shared.env.admit(None) {
                socket::serve(&shared, Box::new(io), admission).await;
            }
        });
    }

    /// Serves the console of an online server, including the handshake, on a byte stream, in a task, until the stream ends.
    pub fn serve_console(
        &self,
        server: u64,
        io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ) {
        let shared = Arc::clone(&self.shared);
        let tasks = &self.shared.env.tasks;
        tasks.spawn(async move { console::serve(&shared, server, Box::new(io)).await });
    }

    /// Works on the state. `doing` describes the work in the error.
    pub(crate) fn change<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&mut State, Timestamp) -> Result<T, Missing>,
    ) -> Result<T, Error> {
        self.shared
            .with(work)
            .map_err(|missing| Error::new(ErrorKind::NotFound, doing).detail(missing.to_string()))
    }
}
