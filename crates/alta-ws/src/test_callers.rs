//! The callers of raw requests and migrations, for tests of the machines.

use crate::error::{Error, ErrorKind, Sent};
use crate::frame::{Request, Response};
use crate::shared::Reply;
use crate::socket::Call;
use alta_socket::Closed;
use http::Method;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

/// A caller that waits for a result.
enum Caller {
    Request {
        result: oneshot::Receiver<Result<Response, Error>>,
        /// `None` after the caller is gone.
        owner: Option<Arc<()>>,
    },
    Migration(oneshot::Receiver<Result<(), Error>>),
}

impl Caller {
    /// Its result, if it has one. The reply of a caller that is not gone is never dropped.
    fn result(&mut self) -> Option<Result<u16, Error>> {
        let (result, is_gone) = match self {
            Caller::Request { result, owner } => {
                let status = |response: Response| response.status;
                let result = result.try_recv();
                (result.map(|result| result.map(status)), owner.is_none())
            }
            Caller::Migration(result) => {
                let result = result.try_recv();
                (result.map(|result| result.map(|()| 200)), false)
            }
        };
        match result {
            Ok(result) => Some(result),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Closed) => {
                assert!(is_gone, "a reply was dropped");
                Some(Err(Error::closed(Closed::ByUs, "waiting")))
            }
        }
    }
}

/// All callers, numbered in the order of their calls.
#[derive(Default)]
pub(crate) struct Callers {
    waiting: BTreeMap<u64, Caller>,
    /// The results of each call; there must be exactly one.
    ended: BTreeMap<u64, Vec<Result<u16, Error>>>,
    count: u64,
}

impl Callers {
    /// The number of the next call.
    pub(crate) fn begin(&mut self) -> u64 {
        self.count += 1;
        self.count - 1
    }

    /// A raw request.
    pub(crate) fn request(&mut self, deadline: Instant) -> (u64, Call) {
        let number = self.begin();
        let (reply, result) = oneshot::channel();
        let owner = Arc::new(());
        let call = Call {
            request: Request::new(Method::GET, "coffee"),
            deadline,
            owner: Arc::downgrade(&owner),
            reply,
            renewed: false,
        };
        let owner = Some(owner);
        let caller = Caller::Request { result, owner };
        self.waiting.insert(number, caller);
        (number, call)
    }

    /// A request to migrate.
    pub(crate) fn migration(&mut self) -> Reply<()> {
        let number = self.begin();
        let (reply, result) = oneshot::channel();
        self.waiting.insert(number, Caller::Migration(result));
        reply
    }

    /// The first caller of a raw request is gone.
    pub(crate) fn drop_first(&mut self) {
        let owners = self.waiting.values_mut().filter_map(|caller| match caller {
            Caller::Request { owner, .. } => Some(owner),
            Caller::Migration(_) => None,
        });
        if let Some(owner) = owners.into_iter().find(|owner| owner.is_some()) {
            *owner = None;
        }
    }

    /// Takes the results that have arrived.
    pub(crate) fn take_results(&mut self) {
        let Self { waiting, ended, .. } = self;
        waiting.retain(|number, caller| match caller.result() {
            Some(result) => {
                ended.entry(*number).or_default().push(result);
                false
            }
            None => true,
        });
    }

    /// A call has ended.
    pub(crate) fn end(&mut self, number: u64, result: Result<u16, Error>) {
        self.ended.entry(number).or_default().push(result);
    }

    /// The number of calls that have ended.
    pub(crate) fn ended(&self) -> usize {
        self.ended.len()
    }

    pub(crate) fn has_ended(&self, number: u64) -> bool {
        self.ended.contains_key(&number)
    }

    /// The end of a call; there must be exactly one.
    pub(crate) fn end_of(&self, number: u64) -> &Result<u16, Error> {
        match self.ended.get(&number).map(Vec::as_slice) {
            Some([end]) => end,
            other => panic!("call {number} ended {other:?}"),
        }
    }

    /// Checks that each call has ended once.
    pub(crate) fn check_all_ended(&self) {
        for number in 0..self.count {
            self.end_of(number);
        }
    }

    /// Returns whether a call ended without a reply, and how far its request got.
    pub(crate) fn no_reply(&self, number: u64) -> Option<Sent> {
        match self.end_of(number).as_ref().map_err(Error::kind) {
            Err(ErrorKind::TimedOut { sent, .. } | ErrorKind::Disconnected { sent }) => Some(*sent),
            _ => None,
        }
    }
}
