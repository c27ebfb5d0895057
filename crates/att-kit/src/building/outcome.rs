use super::build::Build;
use super::error::Error;
use alta_model::EntityId;
use alta_model::console::result::EntityRef;

/// The outcome of one step of an operation on several entities.
#[derive(Clone, Debug)]
pub enum Outcome<T> {
    /// The step was done.
    Done(T),
    /// The server refused it, or it cannot be written in a command.
    Failed(Error),
    /// No reply was received, or it could not be read: the step may have been done. It was not repeated.
    MayHaveRun(Error),
    /// The step was not sent, because the console is not ready or the connection was lost.
    NotTried,
}

impl<T> Outcome<T> {
    pub(super) fn of(result: Result<T, Error>) -> Self {
        match result {
            Ok(value) => Self::Done(value),
            Err(error) if error.may_have_run() => Self::MayHaveRun(error),
            Err(error) if error.is_unsent() => Self::NotTried,
            Err(error) => Self::Failed(error),
        }
    }

    /// Returns whether the step was done.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}

/// The entities that were saved.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Saved {
    /// Those that the server wrote, in the order of the request.
    pub build: Build,
    /// Those that the server did not write, such as entities that no longer exist.
    pub failed: Vec<(EntityId, Error)>,
}

/// The outcome of loading a build.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// The outcome of each piece, in the order of the build.
    pub outcomes: Vec<Outcome<EntityRef>>,
    /// The pieces at their places that were [not tried](Outcome::NotTried), to be loaded later with
    /// [`Guard::load_in_place`](super::Guard::load_in_place). It never contains a piece that may have run.
    pub rest: Build,
}

impl Loaded {
    /// Returns whether every piece was spawned.
    pub fn is_complete(&self) -> bool {
        self.outcomes.iter().all(Outcome::is_done)
    }

    /// The ids of the new entities.
    pub fn spawned(&self) -> impl Iterator<Item = EntityId> {
        self.outcomes.iter().filter_map(|outcome| match outcome {
            Outcome::Done(entity) => Some(entity.identifier),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use att_console::{ErrorKind, Sent};
    use std::time::Duration;

    #[test]
    fn a_step_that_may_have_run_differs_from_one_that_did_not() {
        let timeout = |sent| ErrorKind::TimedOut {
            after: Duration::from_secs(30),
            sent,
        };
        let server = ErrorKind::Server {
            class: String::new(),
            message: "Couldn't find prefab 7".to_owned(),
        };
        let unread = ErrorKind::Decode {
            reason: "a list is not an entity".to_owned(),
        };
        for (kind, expected) in [
            (server, "Failed"),
            (ErrorKind::Argument("NaN".to_owned()), "Failed"),
            (timeout(Sent::MayHaveRun), "MayHaveRun"),
            (unread, "MayHaveRun"),
            (timeout(Sent::NotSent), "NotTried"),
            (ErrorKind::NotReady, "NotTried"),
        ] {
            let error = att_console::Error::new(kind, "");
            let outcome = match Outcome::<()>::of(Err(error.clone().into())) {
                Outcome::Done(()) => "Done",
                Outcome::Failed(_) => "Failed",
                Outcome::MayHaveRun(_) => "MayHaveRun",
                Outcome::NotTried => "NotTried",
            };
            assert_eq!(outcome, expected, "{error}");
        }
    }
}
