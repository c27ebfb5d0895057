//! The shape of all error types.

use alta_model::error_type;
use alta_model::error_type::{ErrorDetails, Fields};
use std::error::Error as _;
use std::fmt;

/// The kinds of the test error.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Kind {
    /// A kind without a source.
    #[error("refused")]
    Refused,
    /// A kind with a source.
    #[error("lost")]
    Lost(#[source] Cause),
}

/// The source of a kind.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("no route\nto host")]
pub struct Cause;

#[derive(Clone, Debug, Default)]
struct Said(Option<&'static str>);

impl ErrorDetails<Kind> for Said {
    fn write(error: &Fields<Kind, Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        error.details.0.map_or(Ok(()), |said| write!(f, ": {said}"))
    }
}

error_type! {
    /// A test error.
    pub struct Failure(Kind, Said);
}

#[test]
fn the_message_has_operation_kind_and_details_and_debug_adds_the_causes() {
    let mut error = Failure::new(Kind::Refused, "reading\x07 it").caused_by(Cause);
    error.0.fields_mut().details = Said(Some("no\rway"));
    assert_eq!(error.to_string(), r"reading\u{7} it: refused: no\rway");
    let line = r"reading\u{7} it: refused: no\rway: no route\nto host";
    assert_eq!(format!("{error:?}"), line);
    assert!(format!("{error:#?}").contains("details: Said("));
    assert_eq!(error.source().unwrap().to_string(), "no route\nto host");
    assert_eq!(
        (error.kind(), error.doing()),
        (&Kind::Refused, "reading\x07 it")
    );
}

#[test]
fn the_source_of_a_kind_is_the_source_of_its_error() {
    let error = Failure::new(Kind::Lost(Cause), "");
    assert_eq!(format!("{error:?}"), r"lost: no route\nto host");
    assert!(
        error
            .source()
            .is_some_and(<dyn std::error::Error>::is::<Cause>)
    );
}

#[test]
fn a_change_of_a_clone_does_not_change_the_original() {
    let error = Failure::new(Kind::Refused, "logging in").caused_by(Cause);
    let other = error.clone().while_doing("joining");
    assert_eq!((error.doing(), other.doing()), ("logging in", "joining"));
    assert!(other.source().is_some());
}
