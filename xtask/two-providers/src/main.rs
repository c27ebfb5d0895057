//! With two providers built in, rustls cannot choose one by itself, and panics where it is asked to. Ours never ask it to.

use alta_http::{Config, HttpClient};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    assert!(
        rustls::crypto::CryptoProvider::get_default().is_none(),
        "nobody has chosen"
    );
    HttpClient::web_roots(&Config::default())?;
    HttpClient::platform_roots(&Config::default())?;
    alta_socket::Tls::web_roots()?;
    alta_socket::Tls::platform_roots()?;
    assert!(
        rustls::crypto::CryptoProvider::get_default().is_none(),
        "nor have they"
    );
    std::panic::set_hook(Box::new(|_| {}));
    let chosen = std::panic::catch_unwind(|| {
        rustls::ClientConfig::builder();
    });
    assert!(chosen.is_err(), "there are not two providers in this build");
    println!("two providers, and no panic");
    Ok(())
}
