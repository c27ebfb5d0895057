//! The runtime of a console, and callers on another runtime or on none.

use crate::common::{config, open, ready, ready_with, self_hosted, within};
use alta_sim::Sim;
use att_console::event::PlayerJoined;
use att_console::{Closed, Console, ErrorKind, NotConnected, Sent};
use std::future::{Future, IntoFuture};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Waits for a future on this thread, without any runtime.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park_timeout(crate::common::TIMEOUT),
        }
    }
}

fn start() -> (Runtime, Sim, u64, Console) {
    let runtime = Runtime::new().unwrap();
    let (sim, server, console) = runtime.block_on(async {
        let (sim, server) = self_hosted().await;
        let console = ready_with(&sim, server, config().max_pending(2)).await;
        (sim, server, console)
    });
    (runtime, sim, server, console)
}

#[test]
fn commands_and_streams_can_be_awaited_outside_a_runtime() {
    let (_runtime, sim, server, console) = start();
    block_on(console.ready_within(Duration::from_secs(5))).unwrap();
    block_on(console.command("player count").into_future()).unwrap();
    let mut joins = block_on(console.subscribe::<PlayerJoined>().into_future()).unwrap();
    sim.player_joins(server, "Ashwick").unwrap();
    block_on(joins.wait_for(Duration::from_secs(5), |_| true)).unwrap();
    let nothing = joins.wait_for(Duration::from_millis(20), |_| true);
    let error = block_on(nothing).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoEvent(_)), "{error}");

    // Also a caller that waits for a place among the pending commands.
    sim.stall_console(server);
    let run = |seconds| {
        let run = console.command("player count");
        run.timeout(Duration::from_millis(seconds)).into_future()
    };
    let (mut first, mut second) = (run(5_000), run(5_000));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(
        first.as_mut().poll(&mut cx).is_pending() && second.as_mut().poll(&mut cx).is_pending()
    );
    let error = block_on(run(50)).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::TimedOut { .. }),
        "{error}"
    );
    assert_eq!(error.sent(), Some(Sent::NotSent));
}

#[test]
fn callers_can_use_a_runtime_without_timers() {
    let (_runtime, _sim, _server, console) = start();
    let bare = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    bare.block_on(async {
        console.ready_within(Duration::from_secs(5)).await.unwrap();
        console.command("player count").await.unwrap();
    });
}

#[test]
fn promise_05_the_end_of_the_runtime_closes_the_console_and_ends_every_command() {
    let (runtime, sim, server, console) = start();
    let other = Runtime::new().unwrap();
    let mut joins =
        other.block_on(async { within(console.subscribe::<PlayerJoined>()).await.unwrap() });
    sim.stall_console(server);
    let run = |console: &Console| {
        let console = console.clone();
        other.spawn(async move { console.command("player count").await })
    };
    let open = [run(&console), run(&console), run(&console)];
    other.block_on(async {
        let both = |status: &att_console::Status| status.in_flight == 2;
        within(console.statuses().wait_for(both)).await.unwrap();
    });
    drop(runtime);

    let closed = ErrorKind::Closed {
        because: Closed::RuntimeEnded,
    };
    other.block_on(async {
        let mut sent = Vec::new();
        for command in open {
            let error = within(command).await.unwrap().unwrap_err();
            assert!(
                error
                    .to_string()
                    .contains("the runtime of the connection has ended"),
                "{error}"
            );
            sent.push(error.sent().unwrap());
        }
        sent.sort_by_key(|sent| *sent == Sent::NotSent);
        assert_eq!(sent, [Sent::MayHaveRun, Sent::MayHaveRun, Sent::NotSent]);

        let error = within(console.command("player list")).await.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (&closed, Some(Sent::NotSent)));
        assert_eq!(within(console.ready()).await.unwrap_err().kind(), &closed);
        let error = within(console.subscribe::<PlayerJoined>())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), &closed);
        let rest = async { while joins.next().await.is_some() {} };
        within(rest).await;
        within(console.close()).await;
    });
    assert_eq!(
        block_on(console.command("player list").into_future())
            .unwrap_err()
            .kind(),
        &closed
    );
}

#[tokio::test]
async fn a_console_that_is_not_ready_in_time_reports_the_cause_and_keeps_trying() {
    let (sim, server) = self_hosted().await;
    sim.stop_server(server).await.unwrap();
    let console = open(&sim, server, config());
    let error = within(console.ready_within(Duration::from_millis(200)))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::NotReadyWithin {
                because: Some(NotConnected::Unreachable(_)),
                ..
            }
        ),
        "{error}"
    );
    sim.start_server(server).unwrap();
    within(console.ready_within(Duration::from_secs(5)))
        .await
        .unwrap();
    within(console.close()).await;
    let error = within(console.ready_within(Duration::from_secs(5)))
        .await
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Closed { .. }), "{error}");
    drop(ready(&sim, server).await);
}
