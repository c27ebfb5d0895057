use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;

const BOUND: Duration = Duration::from_secs(20);

fn ip(last: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, last).into()
}

/// A gate that blocks lookups while it is closed.
#[derive(Clone, Default)]
struct Door(Arc<(Mutex<bool>, Condvar)>);

impl Door {
    fn pass(&self) {
        let open = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(open, |open| !*open).unwrap());
    }

    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }
}

#[tokio::test]
async fn an_address_needs_no_lookup() {
    let none = Resolver::new(|host| panic!("{host} is looked up"));
    for (host, first) in [
        ("192.0.2.7", ip(7)),
        ("[::1]", Ipv6Addr::LOCALHOST.into()),
        ("::1", Ipv6Addr::LOCALHOST.into()),
        ("LocalHost", Ipv4Addr::LOCALHOST.into()),
    ] {
        assert_eq!(none.resolve(host).await.unwrap()[0], first, "{host}");
    }
}

#[tokio::test]
async fn six_hundred_slow_names_delay_no_other() {
    let door = Door::default();
    let resolver = Resolver::new({
        let door = door.clone();
        move |host| {
            if host.starts_with("slow") {
                door.pass();
            }
            Ok(vec![ip(1)])
        }
    });
    let mut slow = JoinSet::new();
    for number in 0..600 {
        let resolver = resolver.clone();
        slow.spawn(async move { resolver.resolve(&format!("slow-{number}")).await });
    }
    while resolver.0.state().names.len() < 600 {
        tokio::task::yield_now().await;
    }
    let healthy = timeout(BOUND, resolver.resolve("healthy.example")).await;
    assert_eq!(healthy.unwrap().unwrap(), [ip(1)]);
    door.open();
    for result in timeout(BOUND, slow.join_all()).await.unwrap() {
        assert_eq!(result.unwrap(), [ip(1)]);
    }
}

#[tokio::test]
async fn concurrent_callers_for_a_name_share_one_lookup() {
    let (count, door) = (Arc::new(AtomicUsize::new(0)), Door::default());
    let resolver = Resolver::new({
        let (count, door) = (Arc::clone(&count), door.clone());
        move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            door.pass();
            Ok(vec![ip(1)])
        }
    });
    let mut waiting = JoinSet::new();
    for host in ["town.example", "TOWN.example"]
        .into_iter()
        .cycle()
        .take(50)
    {
        let resolver = resolver.clone();
        waiting.spawn(async move { resolver.resolve(host).await });
    }
    tokio::task::yield_now().await;
    door.open();
    let all = timeout(BOUND, waiting.join_all()).await.unwrap();
    assert!(all.into_iter().all(|found| found.is_ok()));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_cached_name_does_not_wait_for_a_slow_lookup() {
    let (replies, next) = mpsc::channel();
    let next = Mutex::new(next);
    let resolver = Resolver::new(move |_| {
        let next = next.lock().unwrap();
        next.recv().map_err(|_| io::Error::other("nothing came"))
    });
    replies.send(vec![ip(1)]).unwrap();
    let found = timeout(BOUND, resolver.resolve("town.example")).await;
    assert_eq!(found.unwrap().unwrap(), [ip(1)]);
    // The cached result is old.
    {
        let mut state = resolver.0.state();
        let name = state.names.get_mut("town.example").unwrap();
        name.last.as_mut().unwrap().1 -= FRESH;
    }
    let found = timeout(BOUND, resolver.resolve("town.example")).await;
    assert_eq!(found.unwrap().unwrap(), [ip(1)]);
    // The lookup continued, and the next caller waits for it.
    replies.send(vec![ip(2)]).unwrap();
    let other = async {
        loop {
            let found = resolver.resolve("town.example").await.unwrap();
            if found == [ip(2)] {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(BOUND, other).await.unwrap();
}

#[tokio::test]
async fn an_error_reaches_all_callers_and_the_next_call_looks_up_again() {
    let count = AtomicUsize::new(0);
    let resolver = Resolver::new(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Err(io::Error::other("no such name")),
        1 => Ok(Vec::new()),
        2 => panic!("on purpose"),
        _ => Ok(vec![ip(1)]),
    });
    for problem in ["no such name", "no address", "panicked"] {
        let found = timeout(BOUND, resolver.resolve("town.example")).await;
        let said = found.unwrap().unwrap_err().to_string();
        assert!(said.contains(problem), "{said}");
    }
    let found = timeout(BOUND, resolver.resolve("town.example")).await;
    assert_eq!(found.unwrap().unwrap(), [ip(1)]);
    assert_eq!(resolver.0.state().threads, 0);
    assert_eq!(resolver.0.state().running, 0);
}

#[tokio::test]
async fn old_names_leave_the_cache() {
    let resolver = Resolver::new(|_| Ok(vec![ip(1)]));
    for number in 0..MAX_NAMES + 50 {
        let host = format!("town-{number}.example");
        timeout(BOUND, resolver.resolve(&host))
            .await
            .unwrap()
            .unwrap();
    }
    assert!(resolver.0.state().names.len() <= MAX_NAMES);
}
