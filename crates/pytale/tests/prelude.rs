//! The names of `pytale::prelude` beside those of tokio.

#[allow(unused_qualifications, reason = "the test uses the modules by name")]
#[tokio::test]
async fn the_prelude_hides_no_module_of_tokio() {
    // A name in both globs would be ambiguous, and this would not compile.
    use pytale::prelude::*;
    use tokio::*;

    let (sender, received) = sync::oneshot::channel();
    let task = task::spawn(async move {
        time::sleep(Duration::ZERO).await;
        sender.send(UserId::new(1))
    });
    select! {
        user = received => assert_eq!(user, Ok(UserId::new(1))),
        _ = signal::ctrl_c() => {}
    }
    assert_eq!(task.await.ok(), Some(Ok(())));
    let others: [Option<(fs::File, io::Stdin, net::TcpStream)>; 0] = [];
    let rest: [Option<(process::ChildStdin, runtime::Handle, Console)>; 0] = [];
    assert_eq!(others.len() + rest.len(), 0);
}
