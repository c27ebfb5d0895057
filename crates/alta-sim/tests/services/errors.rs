//! Errors that tests rarely cause.
use alta_sim::{ErrorKind, Sim};
use std::error::Error as _;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

#[test]
fn a_simulator_outside_of_a_runtime_is_an_error_with_its_source() {
    let starting = pin!(Sim::builder().start());
    let Poll::Ready(started) = starting.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it waits");
    };
    let error = started.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::NoRuntime);
    assert!(error.source().is_some(), "{error}");
}
