//! REST: reads, logins, writes, and reads while there are writes.

use super::Run;
use super::http::{Exchange, Http};
use super::load::{Work, load};
use super::service::{Credentials, GROUP, SERVER, Service};
use crate::args::Area;
use crate::figures::{Better, Spread};
use crate::process::Companion;
use http::Method;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The numbers of connections.
const READERS: [usize; 3] = [1, 16, 64];
const WRITERS: [usize; 2] = [1, 16];

/// As many as the service verifies at a time on a machine with two processors, twice.
const LOGINS: usize = 4;

/// A read of one server.
struct Read(Exchange);

impl Work for Read {
    async fn once(&self, http: &mut Http) {
        http.exchange(&self.0).await;
    }
}

impl Read {
    fn new(token: &str) -> Arc<Self> {
        Arc::new(Self(Exchange::get(format!("/api/servers/{SERVER}"), token)))
    }
}

/// A new description of a group, which differs each time.
pub(super) struct Write {
    token: String,
    group: u64,
    number: AtomicU64,
}

impl Write {
    pub(super) fn new(token: &str, group: u64) -> Arc<Self> {
        Arc::new(Self {
            token: token.to_owned(),
            group,
            number: AtomicU64::new(0),
        })
    }

    /// The next change, and its number.
    pub(super) fn next(&self) -> (u64, Exchange) {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let exchange = Exchange {
            method: Method::PATCH,
            path: format!("/api/groups/{}", self.group),
            token: self.token.clone(),
            body: format!(r#"{{"description":"change {number}"}}"#),
        };
        (number, exchange)
    }
}

impl Work for Write {
    async fn once(&self, http: &mut Http) {
        http.exchange(&self.next().1).await;
    }
}

struct LogIn(Credentials);

impl Work for LogIn {
    async fn once(&self, http: &mut Http) {
        http.log_in(&self.0).await;
    }
}

/// Reads of the service, beside those of a bare server of hyper that replies with a constant.
pub(super) async fn reads(run: &Run<'_>, service: &Service, token: &str) {
    let bare = Companion::server(Area::Rest, false);
    let read = Read::new(token);
    for connections in READERS {
        let mut both = [Spread::default(), Spread::default()];
        for _ in 0..run.rounds() {
            for (host, spread) in [&service.rest, &bare.address()].into_iter().zip(&mut both) {
                spread.push(load(service, host, connections, run.lasting(1.0), &read).await);
            }
        }
        let name = format!("cloud_reads_{connections}");
        let [ours, bare] = &both;
        for (of, unit, better) in [
            ("rate", "requests/s", Better::Higher),
            ("p50", "µs (p50)", Better::Lower),
            ("p99", "µs (p99)", Better::Lower),
        ] {
            run.figures
                .print_spread(&format!("{name}_{of}"), ours, of, Some(bare), unit, better);
        }
        let unit = "µs of the service's CPU a request";
        run.figures.print_spread(
            &format!("{name}_cpu"),
            ours,
            "cpu",
            None,
            unit,
            Better::Lower,
        );
    }
}

pub(super) async fn logins(run: &Run<'_>, service: &Service) {
    let work = Arc::new(LogIn(service.owner.clone()));
    let spread =
        run.repeat(async || load(service, &service.rest, LOGINS, run.lasting(1.5), &work).await);
    print(run, "cloud_logins", &spread.await, "logins/s");
}

pub(super) async fn writes(run: &Run<'_>, service: &Service, token: &str) {
    let work = Write::new(token, GROUP);
    for connections in WRITERS {
        let spread = run.repeat(async || {
            load(service, &service.rest, connections, run.lasting(1.0), &work).await
        });
        print(
            run,
            &format!("cloud_writes_{connections}"),
            &spread.await,
            "acknowledged writes/s",
        );
    }
}

/// Reads over 16 connections, while 4 others write without a pause, beside the same reads without writes.
pub(super) async fn reads_while_writes(run: &Run<'_>, service: &Service, token: &str) {
    let (read, write) = (Read::new(token), Write::new(token, GROUP));
    let (mut with, mut without, mut writes) =
        (Spread::default(), Spread::default(), Spread::default());
    let lasting = run.lasting(1.5);
    for _ in 0..run.rounds() {
        let reading = || load(service, &service.rest, 16, lasting, &read);
        without.push(reading().await);
        let writing = load(service, &service.rest, 4, lasting, &write);
        let (reads, written) = tokio::join!(reading(), writing);
        with.push(reads);
        writes.push(written);
    }
    for (of, unit, better) in [
        ("rate", "reads/s", Better::Higher),
        ("p50", "µs (p50)", Better::Lower),
        ("p99", "µs (p99)", Better::Lower),
    ] {
        let name = format!("cloud_mixed_reads_{of}");
        run.figures
            .print_spread(&name, &with, of, Some(&without), unit, better);
    }
    print(run, "cloud_mixed_writes", &writes, "acknowledged writes/s");
}

fn print(run: &Run<'_>, name: &str, spread: &Spread, unit: &str) {
    for (of, unit, better) in [
        ("rate", unit, Better::Higher),
        ("p50", "µs (p50)", Better::Lower),
        ("p99", "µs (p99)", Better::Lower),
    ] {
        let name = format!("{name}_{of}");
        run.figures
            .print_spread(&name, spread, of, None, unit, better);
    }
}
