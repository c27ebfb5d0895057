//! Files that commands return.

use crate::support::{builder, within};
use alta_bot::ErrorKind;
use alta_sim::Sim;
use att_console::{Config, Console, ConsoleAccess};
use std::error::Error as _;
use url::Url;

#[tokio::test]
async fn a_missing_file_and_a_missing_file_server_are_errors_with_their_status() {
    let sim = Sim::builder().start().await.unwrap();
    let bot = within(builder(&sim).connect()).await.unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}/", free.local_addr().unwrap());
    drop(free);
    for (files, expected) in [(sim.rest_url(), Some(401)), (nobody, None)] {
        let url: Url = sim.console_url(sim.server()).unwrap().parse().unwrap();
        let access = ConsoleAccess::new(url, sim.console_token(sim.server()));
        let access = access.web_server(files.parse().unwrap());
        let console = Console::open_with(access, Config::default());
        within(console.ready()).await.unwrap();
        let file = within(console.command(alta_bot::commands::chunks::print_all()))
            .await
            .unwrap();
        let error = within(bot.download(&console, &file)).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Download { status: expected });
        assert_eq!(error.source().is_none(), expected.is_some(), "{error:?}");
        assert!(!format!("{error:?}").contains(&sim.console_token(sim.server())));
        within(console.close()).await;
    }
    within(bot.close()).await;
}
