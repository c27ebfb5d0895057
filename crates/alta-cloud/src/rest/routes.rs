use super::call::Call;
use super::listed::Listed;
use super::reply::Reply;
use super::request::Request;
use crate::host::Host;
use crate::net::HttpRequest;
use crate::state::{Cloud, Grant, Identity, Purpose, Refusal};
use crate::store::StoreErrorKind;
use axum::Extension;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::routing::MethodFilter;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::Arc;

/// The number of attempts at a request while other processes change the store.
const ATTEMPTS: u32 = 4;

/// A request, as the layers before the routes hand it over.
pub(super) struct Arrival<H> {
    pub(super) host: Arc<H>,
    pub(super) http: Arc<HttpRequest>,
    /// The client's address, if the connection has one.
    pub(super) client: Option<IpAddr>,
}

impl<H> Clone for Arrival<H> {
    fn clone(&self) -> Self {
        Self {
            host: Arc::clone(&self.host),
            http: Arc::clone(&self.http),
            client: self.client,
        }
    }
}

impl<H> fmt::Debug for Arrival<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrival")
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}

impl<H: Host> Arrival<H> {
    /// Works on the state for a caller who needs no token. If another process has changed the store, the work is undone and begins
    /// again with the new state.
    pub(super) async fn public(
        &self,
        work: impl Fn(&mut Cloud, Timestamp, &Call<'_>) -> Reply + Send + Sync,
    ) -> Reply {
        let call = Call::new(&self.http);
        let work = |cloud: &mut Cloud, now| work(cloud, now, &call);
        if self.http.method == "GET" {
            // A read does not wait for the changes of others.
            return self.host.with_cloud(work);
        }
        let mut attempts = ATTEMPTS;
        loop {
            attempts -= 1;
            match self.host.change(&work).await {
                Ok(reply) => return reply,
                Err(error) if attempts > 0 && error.kind() == StoreErrorKind::ChangedElsewhere => {}
                Err(error) => return Reply::unavailable(&error),
            }
        }
    }

    /// Works on the state for the caller that the access token names.
    async fn as_caller(
        &self,
        work: impl Fn(&mut Request<'_>, &Grant) -> Result<Reply, Reply> + Send + Sync,
    ) -> Reply {
        let replying = self.public(|cloud, now, call| {
            let result = access(cloud, now, call).and_then(|grant| {
                let mut request = Request {
                    cloud,
                    now,
                    call,
                    identity: grant.identity,
                };
                work(&mut request, &grant)
            });
            result.unwrap_or_else(|refusal| refusal)
        });
        let reply = replying.await;
        if let Some(server) = reply.starts {
            // The reply says that the server is starting; the client's next request shows whether it runs.
            self.host.start_server(server);
        }
        reply
    }

    /// Refuses a caller who has an access token. Others are refused for the lack of it, and learn nothing about the routes.
    pub(super) async fn refuse(&self, refusal: &Reply) -> Reply {
        self.as_caller(|_, _| Err(refusal.clone())).await
    }
}

/// The grant of the request's access token, or the reply 401.
fn access(cloud: &Cloud, now: Timestamp, call: &Call<'_>) -> Result<Grant, Reply> {
    match cloud
        .tokens
        .check_header(call.request.header("authorization"), now)
    {
        Ok(grant) if grant.purpose == Purpose::Access => Ok(grant),
        Ok(_) | Err(Refusal::Unknown) => Err(Reply::gateway(401, "Unauthorized")),
        Err(Refusal::Missing) => Err(Reply::gateway(401, "Missing Authentication Token")),
        Err(Refusal::Expired) => Err(Reply::error(401, "Expired token", "ExpiredToken")),
    }
}

/// The accounts that may use a route.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Callers {
    /// Users, and bots whose token has one of these scopes.
    Scopes(&'static [&'static str]),
    /// Users. Bots are refused, as py-tale documents.
    Users,
}

impl Callers {
    /// The reply 403 to another caller.
    fn check(self, grant: &Grant) -> Result<(), Reply> {
        let is_allowed = match (self, grant.identity) {
            (_, Identity::User(_)) => true,
            (Self::Users, Identity::Bot(_)) => false,
            (Self::Scopes(names), Identity::Bot(_)) => {
                names.iter().any(|name| grant.scopes.has(name))
            }
        };
        if is_allowed {
            Ok(())
        } else {
            Err(Reply::forbidden())
        }
    }
}

/// To read groups.
pub(super) const GROUPS: Callers = Callers::Scopes(&["group.info", "group.view"]);
/// To accept and reject invitations, and to request to join.
pub(super) const JOIN: Callers = Callers::Scopes(&["group.join"]);
/// To leave groups.
pub(super) const LEAVE: Callers = Callers::Scopes(&["group.leave"]);
/// For members, roles and bans.
pub(super) const MEMBERS: Callers = Callers::Scopes(&["group.members"]);
/// For the invitations of others.
pub(super) const INVITE: Callers = Callers::Scopes(&["group.invite"]);
/// To read servers.
pub(super) const SERVERS: Callers = Callers::Scopes(&["server.view"]);
/// For consoles.
pub(super) const CONSOLE: Callers = Callers::Scopes(&["server.console"]);

/// The work for a request, with the parameters `P` of its path.
type Endpoint<P> = fn(&mut Request<'_>, P) -> Result<Reply, Reply>;

/// The routes that need an access token.
pub(super) struct Routes<H> {
    listed: Listed,
    host: PhantomData<fn(H)>,
}

impl<H: Host> Routes<H> {
    pub(super) fn new() -> Self {
        Self {
            listed: Listed::default(),
            host: PhantomData,
        }
    }

    /// Adds a route. Parameters that cannot be parsed cause the reply 400.
    pub(super) fn on<P: Clone + DeserializeOwned + Send + Sync + 'static>(
        mut self,
        method: MethodFilter,
        path: &'static str,
        callers: Callers,
        endpoint: Endpoint<P>,
    ) -> Self {
        let handler =
            async move |Extension(arrival): Extension<Arrival<H>>,
                        parameters: Result<Path<P>, PathRejection>| {
                let work = |request: &mut Request<'_>, grant: &Grant| {
                    callers.check(grant)?;
                    let Ok(Path(parameters)) = &parameters else {
                        return Err(Reply::bad_request(None, "The value is not a valid id."));
                    };
                    endpoint(request, parameters.clone())
                };
                arrival.as_caller(work).await
            };
        self.listed = self.listed.on(method, path, handler);
        self
    }

    /// The finished routes. Their paths begin below the base of REST.
    pub(super) fn into_listed(self) -> Listed {
        let unknown = async |Extension(arrival): Extension<Arrival<H>>| {
            arrival.refuse(&Reply::not_found()).await
        };
        let wrong_method = async |Extension(arrival): Extension<Arrival<H>>| {
            arrival.refuse(&Reply::wrong_method()).await
        };
        self.listed.with(|router| {
            router
                .fallback(unknown)
                .method_not_allowed_fallback(wrong_method)
        })
    }
}
