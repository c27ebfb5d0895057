use super::support::*;
use alta_bot::event::PlayerJoined;
use alta_bot::{Bot, ErrorKind, Handlers, SelfHosted, commands::player};
use alta_sim::Sim;
use att_console::ConsoleAccess;

fn own(sim: &Sim, server: u64, label: &str) -> SelfHosted {
    let url = sim.console_url(server).unwrap().parse().unwrap();
    SelfHosted::new(ConsoleAccess::new(url, sim.console_token(server)))
        .config(impatient())
        .label(label)
}

fn greeter(notes: &Notes) -> Handlers {
    let notes = notes.clone();
    Handlers::new()
        .on_console({
            let notes = notes.clone();
            move |console| {
                let notes = notes.clone();
                async move { notes.note(format!("on {}", console.label())) }
            }
        })
        .on_event::<PlayerJoined>(move |console, event| {
            let notes = notes.clone();
            async move {
                let greeting = player::message(&event.data.user, "Welcome!");
                console.command(greeting).await?;
                notes.note(format!(
                    "{} on {}",
                    event.data.user.username,
                    console.label()
                ));
                Ok::<_, att_console::Error>(())
            }
        })
}

#[tokio::test]
async fn the_same_handlers_work_in_the_cloud_and_on_self_hosted_servers() {
    let sim = Sim::builder().start().await.unwrap();
    let (notes, mut noted) = notes();
    let handlers = greeter(&notes);

    let bot = start(managed(&sim).handlers(handlers.clone())).await;
    noted.next_are(&["on Thornwood"]).await;
    sim.wait_for_console_subscription(sim.server(), "PlayerJoined")
        .await
        .unwrap();
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    noted.next_are(&["Ashwick on Thornwood"]).await;
    within(bot.shutdown(PATIENCE)).await;

    let servers = [
        sim.add_self_hosted("one").unwrap(),
        sim.add_self_hosted("two").unwrap(),
    ];
    let own = [own(&sim, servers[0], "one"), own(&sim, servers[1], "two")];
    let bot = start(Bot::self_hosted(own).handlers(handlers)).await;
    let mut sessions = [noted.next().await, noted.next().await];
    sessions.sort();
    assert_eq!(sessions, ["on one", "on two"]);
    for (server, expected) in servers.into_iter().zip(["Birch on one", "Birch on two"]) {
        sim.wait_for_console_subscription(server, "PlayerJoined")
            .await
            .unwrap();
        sim.player_joins(server, "Birch").unwrap();
        noted.next_are(&[expected]).await;
        assert_eq!(sim.messages(server)[0].text, "Welcome!");
    }

    sim.stop_server(servers[0]).await.unwrap();
    until("one is lost", || !bot.health().is_connected()).await;
    sim.start_server(servers[0]).unwrap();
    noted.next_are(&["on one"]).await;

    let health = bot.health();
    let names: Vec<_> = health
        .consoles
        .iter()
        .map(|console| console.name.as_str())
        .collect();
    assert_eq!(names, ["one", "two"]);
    assert!(health.socket.is_none());
    assert!(matches!(
        bot.view().unwrap_err().kind(),
        ErrorKind::Unavailable { .. }
    ));
    let finished = within(bot.shutdown(PATIENCE)).await;
    assert_eq!(finished.given_up, 0);
    for server in servers {
        sim.wait_for_consoles(server, 0).await.unwrap();
    }
}

#[tokio::test]
async fn a_session_ends_when_its_server_is_gone_and_not_only_when_the_next_begins() {
    struct Ends(Notes);
    impl Drop for Ends {
        fn drop(&mut self) {
            self.0.note("ends");
        }
    }
    let sim = Sim::builder().start().await.unwrap();
    let server = sim.add_self_hosted("one").unwrap();
    let (notes, mut noted) = notes();
    let bot = Bot::self_hosted([own(&sim, server, "one")]).on_console(move |_| {
        let notes = notes.clone();
        async move {
            let _ends = Ends(notes.clone());
            notes.note("begins");
            std::future::pending::<()>().await;
        }
    });
    let bot = start(bot).await;
    noted.next_are(&["begins"]).await;
    sim.stop_server(server).await.unwrap();
    noted.next_are(&["ends"]).await;
    assert_eq!(bot.consoles().len(), 1, "it goes on trying");
    sim.start_server(server).unwrap();
    noted.next_are(&["begins"]).await;
}

#[tokio::test]
async fn a_self_hosted_bot_ends_and_says_why_when_every_console_is_refused() {
    let sim = Sim::builder().start().await.unwrap();
    let server = sim.add_self_hosted("one").unwrap();
    let url = sim.console_url(server).unwrap().parse().unwrap();
    let login = std::time::Duration::from_millis(50);
    let wrong = SelfHosted::new(ConsoleAccess::new(url, "wrong".to_owned()))
        .config(impatient().login_timeout(login).silent_logins(1))
        .label("one");
    let bot = start(Bot::self_hosted([wrong])).await;
    let error = within(bot.run()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(error.doing(), "looking after one");
    let because = std::error::Error::source(&error).unwrap();
    let because = because.downcast_ref::<att_console::Closed>();
    assert_eq!(
        because,
        Some(&att_console::Closed::NoAnswerToToken { attempts: 1 })
    );
    assert!(bot.consoles().is_empty());
}

#[tokio::test]
async fn a_self_hosted_bot_whose_only_address_is_of_no_use_ends_and_says_so() {
    let url = "http://127.0.0.1:1760".parse().unwrap();
    let wrong = SelfHosted::new(ConsoleAccess::new(url, "token".to_owned())).label("one");
    let bot = start(Bot::self_hosted([wrong])).await;
    let error = within(bot.run()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Console);
    let shown = format!("{error:?}");
    assert!(shown.starts_with("looking after one: "), "{shown}");
    let why = "http://127.0.0.1:1760/ cannot be dialed: its scheme is neither ws nor wss";
    assert!(shown.ends_with(why), "{shown}");
}
