//! Builds rustls with two providers. It then panics when it has to choose one; our crates always name one.

use alta_http::{Config, HttpClient};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    assert!(
        rustls::crypto::CryptoProvider::get_default().is_none(),
        "no provider is set at the start"
    );
    HttpClient::web_roots(&Config::default())?;
    HttpClient::platform_roots(&Config::default())?;
    alta_socket::Tls::web_roots()?;
    alta_socket::Tls::platform_roots()?;
    assert!(
        rustls::crypto::CryptoProvider::get_default().is_none(),
        "our crates set no default provider"
    );
    std::panic::set_hook(Box::new(|_| {}));
    let chosen = std::panic::catch_unwind(|| {
        rustls::ClientConfig::builder();
    });
    assert!(chosen.is_err(), "rustls has a default: this build has fewer than two providers");
    println!("our crates work with two providers");
    Ok(())
}
