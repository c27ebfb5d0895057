//! The choice of the crypto provider. A process has one, so this is a program of its own.
#![cfg(feature = "webpki-roots")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use alta_http::{ErrorKind, Tls};
use rustls::crypto::{CryptoProvider, ring};

#[test]
fn the_provider_of_the_process_takes_precedence_and_an_unsuitable_one_is_an_error() {
    assert!(Tls::web_roots().is_ok());
    let useless = CryptoProvider {
        cipher_suites: Vec::new(),
        ..ring::default_provider()
    };
    useless.install_default().unwrap();
    assert_eq!(*Tls::web_roots().unwrap_err().kind(), ErrorKind::Tls);
}
