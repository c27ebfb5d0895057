//! The warning about a token that is sent unencrypted.

use pytale::console::{Access, AccessError, ConsoleAccess};
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// The longest time for the address of a host. Without it, nothing is told.
const LOOKUP: Duration = Duration::from_secs(2);

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An access that warns, once, before a token is sent unencrypted to an address that is neither loopback nor private. The
/// address of a server of the cloud is known only here, and can change with each start.
pub(super) struct Watched<F> {
    access: Arc<dyn Access>,
    /// Shows the warning.
    warn: F,
    told: AtomicBool,
}

impl<F: Fn(String) + Send + Sync + 'static> Watched<F> {
    pub(super) fn new(access: Arc<dyn Access>, warn: F) -> Self {
        Self {
            access,
            warn,
            told: AtomicBool::new(false),
        }
    }

    async fn check(&self, access: &ConsoleAccess) {
        if access.url.scheme() != "ws" || self.told.load(Ordering::Relaxed) {
            return;
        }
        let host = access.url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = access.url.port_or_known_default().unwrap_or_default();
        if is_exposed(host, port).await && !self.told.swap(true, Ordering::Relaxed) {
            let host = pytale::model::escaped(host).to_string();
            (self.warn)(format!(
                "warning: the token is sent unencrypted to {host} port {port}; anyone on the way can read it and run any command\n  \
                 help: use an SSH tunnel or a wss:// address; for a server of the cloud, only its operator can change the address"
            ));
        }
    }
}

impl<F: Fn(String) + Send + Sync + 'static> Access for Watched<F> {
    fn access(&self) -> Boxed<'_, Result<ConsoleAccess, AccessError>> {
        Box::pin(async {
            let access = self.access.access().await?;
            self.check(&access).await;
            Ok(access)
        })
    }

    fn timeout(&self) -> Option<Duration> {
        self.access.timeout()
    }

    fn name(&self) -> Option<String> {
        self.access.name()
    }

    fn address(&self) -> Option<url::Url> {
        self.access.address()
    }

    fn changed(&self) -> Boxed<'_, ()> {
        self.access.changed()
    }
}

/// Returns whether a host has an address that is neither loopback nor private.
async fn is_exposed(host: &str, port: u16) -> bool {
    match timeout(LOOKUP, tokio::net::lookup_host((host, port))).await {
        Ok(Ok(mut addresses)) => addresses.any(|address| !is_private(address.ip())),
        _ => false,
    }
}

fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        // 100.64.0.0/10 is the range of private overlay networks.
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                || ip.is_unspecified()
                || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(ip) => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn loopback_and_private_networks_are_private() {
        for (address, private) in [
            ("127.0.0.1", true),
            ("::1", true),
            ("10.1.2.3", true),
            ("192.168.0.9", true),
            ("172.16.0.1", true),
            ("100.64.0.1", true),
            ("fd00::1", true),
            ("fe80::1", true),
            ("::ffff:192.168.0.9", true),
            ("203.0.113.7", false),
            ("100.128.0.1", false),
            ("2001:db8::1", false),
            ("::ffff:203.0.113.7", false),
        ] {
            assert_eq!(is_private(address.parse().unwrap()), private, "{address}");
        }
    }

    /// An access whose address changes at each connection, as that of a server of the cloud.
    struct Moving(Mutex<Vec<&'static str>>);

    impl Access for Moving {
        fn access(&self) -> Boxed<'_, Result<ConsoleAccess, AccessError>> {
            let url = self.0.lock().unwrap().pop().unwrap();
            Box::pin(async move { Ok(ConsoleAccess::new(url.parse().unwrap(), "secret")) })
        }
    }

    #[tokio::test]
    async fn a_public_address_is_told_once_without_the_token() {
        let addresses = [
            "ws://203.0.113.8:1760",
            "ws://[2001:db8::1]:1761",
            "wss://203.0.113.7",
            "ws://127.0.0.1:1760",
        ];
        let told = Arc::new(Mutex::new(Vec::new()));
        let warnings = Arc::clone(&told);
        let access = Watched::new(
            Arc::new(Moving(Mutex::new(addresses.to_vec()))),
            move |text| warnings.lock().unwrap().push(text),
        );
        for expected in [0, 0, 1, 1] {
            access.access().await.unwrap();
            assert_eq!(told.lock().unwrap().len(), expected);
        }
        let text = told.lock().unwrap().join("");
        assert!(
            text.contains("unencrypted to 2001:db8::1 port 1761"),
            "{text}"
        );
        assert!(!text.contains("secret"), "{text}");
    }
}
