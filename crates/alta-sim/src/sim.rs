use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::accounts::{BotAccount, SCOPES, UserAccount};
use crate::builder::Builder;
use crate::error::{Error, ErrorKind};
use crate::faults::Faults;
use crate::listen::Endpoints;
use crate::shared::Shared;
use crate::tokens::{Identity, Purpose};
use crate::{cloud, game};

/// A running simulator: a handle that is cheap to clone. When the last clone is dropped, everything ends: ports are
/// closed and all tasks stop.
#[derive(Clone)]
pub struct Sim {
    pub(crate) shared: Arc<Shared>,
    endpoints: Endpoints,
    default: Option<(u64, u64)>,
    _guard: Arc<Guard>,
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
        self.0.stop.cancel();
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
    /// How to start one.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn assemble(
        guard: Guard,
        endpoints: Endpoints,
        default: Option<(u64, u64)>,
    ) -> Self {
        Self {
            shared: Arc::clone(&guard.0),
            endpoints,
            default,
            _guard: Arc::new(guard),
        }
    }

    /// Ends everything and waits until all tasks have stopped. Other clones of this handle are of no use afterwards.
    pub async fn shutdown(self) {
        self.shared.stop_and_wait().await;
    }

    /// The token endpoint, `http://127.0.0.1:<port>/connect/token`.
    pub fn token_url(&self) -> String {
        format!("{}/connect/token", self.http_origin())
    }

    /// The base of REST, `http://127.0.0.1:<port>/api`.
    pub fn rest_url(&self) -> String {
        format!("{}/api", self.http_origin())
    }

    fn http_origin(&self) -> String {
        let scheme = if self.endpoints.tls { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.endpoints.http)
    }

    /// The main websocket, `ws://127.0.0.1:<port>/`.
    pub fn socket_url(&self) -> String {
        let scheme = if self.endpoints.tls { "wss" } else { "ws" };
        format!("{scheme}://127.0.0.1:{}/", self.endpoints.socket)
    }

    /// The certificate that REST and the main websocket show, in DER; it is its own root.
    #[cfg(feature = "tls")]
    pub fn certificate_der(&self) -> Option<&[u8]> {
        self.endpoints.certificate.as_deref()
    }

    /// A server's console, `ws://127.0.0.1:<port>/`. Cloud servers get a new port at every start.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotPossible`] while the server is offline and has never been online.
    pub fn console_url(&self, server: u64) -> Result<String, Error> {
        let port = self.shared.look(|state| {
            let open = state.listening.get(&server).map(|listening| listening.port);
            open.or_else(|| state.fixed_ports.get(&server).copied())
        });
        let port = port.ok_or_else(|| {
            Error::new(
                ErrorKind::NotPossible,
                format!("looking for the console of server {server}"),
            )
        })?;
        Ok(format!("ws://127.0.0.1:{port}/"))
    }

    /// The bot account and its secret.
    pub fn bot(&self) -> BotAccount {
        self.shared.look(|state| state.accounts.bot.clone())
    }

    /// The user account and its password.
    pub fn user(&self) -> UserAccount {
        self.shared.look(|state| state.accounts.user.clone())
    }

    /// The id of the group there is from the start, "Thornwood Folk"; 0 in a bare world.
    pub fn group(&self) -> u64 {
        self.default.map_or(0, |(group, _)| group)
    }

    /// The id of the server there is from the start, "Thornwood"; 0 in a bare world.
    pub fn server(&self) -> u64 {
        self.default.map_or(0, |(_, server)| server)
    }

    /// A fresh access token of the bot, as the token endpoint would give out.
    pub fn bot_token(&self) -> String {
        let life = self.shared.config.token_life;
        self.shared.with(|state, now| {
            let bot = state.accounts.bot.clone();
            state.tokens.bot(
                bot.user_id,
                &bot.username,
                &bot.client_id,
                &SCOPES,
                now,
                life,
            )
        })
    }

    /// A fresh access token of the user.
    pub fn user_token(&self) -> String {
        let life = self.shared.config.user_token_life;
        self.shared.with(|state, now| {
            let user = state.accounts.user.clone();
            state.tokens.user(
                Identity::User(user.user_id),
                &user.username,
                Purpose::Access,
                now,
                life,
            )
        })
    }

    /// A token that a server's console accepts: the constant one of a self-hosted server, else a fresh one for the
    /// bot.
    pub fn console_token(&self, server: u64) -> String {
        let life = self.shared.config.console_token_life;
        self.shared.with(|state, now| {
            if state
                .world
                .servers
                .get(&server)
                .is_some_and(|server| server.self_hosted)
            {
                return state.console_token(server);
            }
            let bot = state.accounts.bot.clone();
            state.tokens.user(
                Identity::Bot(bot.user_id),
                &bot.username,
                Purpose::Console(server),
                now,
                life,
            )
        })
    }

    /// Ends the life of every token given out so far; a self-hosted server's never ends.
    pub fn expire_tokens(&self) {
        self.shared.with(|state, now| state.tokens.expire_all(now));
    }

    /// Time since the start, by tokio's clock.
    pub fn elapsed(&self) -> Duration {
        self.shared.clock.elapsed()
    }

    /// Misbehaviour on demand.
    pub fn faults(&self) -> Faults {
        Faults::of(Arc::clone(&self.shared))
    }

    /// Serves HTTP (token endpoint, REST, files) on a stream, in a task of its own, until the stream ends.
    pub fn serve_http(&self, io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
        let shared = Arc::clone(&self.shared);
        self.shared
            .spawn(async move { cloud::http::serve(&shared, Box::new(io)).await });
    }

    /// Serves the main websocket on a stream, handshake included, in a task of its own, until the stream ends.
    pub fn serve_main_socket(&self, io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
        let shared = Arc::clone(&self.shared);
        self.shared
            .spawn(async move { cloud::socket::serve(&shared, Box::new(io)).await });
    }

    /// Serves the console of a server on a stream, handshake included, in a task of its own, until the stream ends.
    /// The server should be online.
    pub fn serve_console(
        &self,
        server: u64,
        io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ) {
        let shared = Arc::clone(&self.shared);
        self.shared
            .spawn(async move { game::console::serve(&shared, server, Box::new(io)).await });
    }
}
