use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// The time after which the next attempt begins beside a running one (RFC 8305, section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Returns the first connection to one of these addresses (RFC 8305). An attempt begins 250 ms after the previous one, or when
/// that fails; the address families alternate. The other attempts are dropped.
///
/// # Errors
///
/// If all addresses fail, returns the error of the first that failed.
pub(crate) async fn race<T, F>(
    addresses: Vec<IpAddr>,
    port: u16,
    connect: impl Fn(SocketAddr) -> F,
) -> io::Result<T>
where
    F: Future<Output = io::Result<T>>,
{
    let mut waiting = alternating(addresses).into_iter();
    let mut running = FuturesUnordered::new();
    let mut first_error = None;
    loop {
        let Some(address) = waiting.next() else {
            // The last attempts have no time limit here.
            return match running.next().await {
                Some(Ok(connected)) => Ok(connected),
                Some(Err(error)) => {
                    first_error.get_or_insert(error);
                    continue;
                }
                None => Err(first_error.unwrap_or_else(|| io::ErrorKind::NotFound.into())),
            };
        };
        running.push(connect(SocketAddr::new(address, port)));
        let end = tokio::time::timeout(HEAD_START, running.next()).await;
        match end {
            Ok(Some(Ok(connected))) => return Ok(connected),
            Ok(Some(Err(error))) => {
                first_error.get_or_insert(error);
            }
            Ok(None) | Err(_) => {}
        }
    }
}

/// The addresses with alternating families, beginning with the family of the first address, without duplicates.
fn alternating(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let starts_with_6 = addresses.first().is_some_and(IpAddr::is_ipv6);
    let (mut first, mut second): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv6() == starts_with_6);
    first.reverse();
    second.reverse();
    let mut turns = Vec::new();
    while let Some(address) = first.pop() {
        for address in std::iter::once(address).chain(second.pop()) {
            if !turns.contains(&address) {
                turns.push(address);
            }
        }
    }
    second.reverse();
    turns.extend(second);
    turns
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use tokio::time::Instant;

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn families_alternate_in_the_order_of_the_system() {
        for (given, turns) in [
            (
                &["::1", "::2", "::3", "192.0.2.1"] as &[&str],
                &["::1", "192.0.2.1", "::2", "::3"] as &[&str],
            ),
            (
                &["192.0.2.1", "::1", "192.0.2.2", "192.0.2.1", "::2"],
                &["192.0.2.1", "::1", "192.0.2.2", "::2"],
            ),
            (&["192.0.2.1", "::1", "::2"], &["192.0.2.1", "::1", "::2"]),
            (&[], &[]),
        ] {
            assert_eq!(alternating(ips(given)), ips(turns));
        }
    }

    /// Races addresses that succeed or fail after these milliseconds. Returns the result, the duration and the number of attempts.
    async fn run(ends: &[(&str, u64, bool)]) -> (io::Result<SocketAddr>, Duration, usize) {
        let addresses = ips(&ends.iter().map(|(text, ..)| *text).collect::<Vec<_>>());
        let begun = Mutex::new(0);
        let started = Instant::now();
        let result = race(addresses, 1760, |address| {
            *begun.lock().unwrap() += 1;
            let end = ends
                .iter()
                .find(|(text, ..)| text.parse() == Ok(address.ip()));
            let (_, after, works) = *end.unwrap();
            async move {
                tokio::time::sleep(Duration::from_millis(after)).await;
                if works {
                    Ok(address)
                } else {
                    Err(io::Error::other(format!("{} failed", address.ip())))
                }
            }
        });
        let result = result.await;
        (result, started.elapsed(), begun.into_inner().unwrap())
    }

    const NEVER: u64 = 3_600_000;

    #[tokio::test(start_paused = true)]
    async fn an_unreachable_address_costs_a_quarter_of_a_second() {
        let (result, elapsed, _) =
            run(&[("192.0.2.1", NEVER, false), ("192.0.2.2", 30, true)]).await;
        assert_eq!(result.unwrap().to_string(), "192.0.2.2:1760");
        assert!(elapsed <= Duration::from_millis(285), "{elapsed:?}");

        let dead = (1..9).map(|last| format!("192.0.2.{last}"));
        let dead: Vec<_> = dead.collect();
        let mut ends: Vec<_> = dead.iter().map(|ip| (ip.as_str(), NEVER, false)).collect();
        ends.push(("::1", 30, true));
        let (result, elapsed, begun) = run(&ends).await;
        assert!(result.unwrap().is_ipv6());
        assert_eq!(begun, 2, "the other family comes second");
        assert!(elapsed <= Duration::from_millis(285), "{elapsed:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_starts_the_next_attempt_at_once_and_a_slow_attempt_can_still_win() {
        let (result, elapsed, _) = run(&[("192.0.2.1", 10, false), ("192.0.2.2", 10, true)]).await;
        assert_eq!(result.unwrap().to_string(), "192.0.2.2:1760");
        assert!(elapsed <= Duration::from_millis(25), "{elapsed:?}");

        let (result, elapsed, begun) =
            run(&[("192.0.2.1", 400, true), ("192.0.2.2", NEVER, true)]).await;
        assert_eq!(result.unwrap().to_string(), "192.0.2.1:1760");
        assert!(elapsed <= Duration::from_millis(405), "{elapsed:?}");
        assert_eq!(begun, 2);

        let (result, _, begun) = run(&[("192.0.2.1", 200, true), ("192.0.2.2", 1, true)]).await;
        assert_eq!(result.unwrap().to_string(), "192.0.2.1:1760");
        assert_eq!(begun, 1, "the first one has a head start");
    }

    #[tokio::test(start_paused = true)]
    async fn if_all_fail_the_first_error_is_returned() {
        let (result, _, begun) = run(&[("192.0.2.1", 300, false), ("::1", 10, false)]).await;
        assert_eq!(result.unwrap_err().to_string(), "::1 failed");
        assert_eq!(begun, 2);
        let (result, ..) = run(&[]).await;
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
