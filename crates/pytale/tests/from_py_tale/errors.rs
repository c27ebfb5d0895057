use crate::{TestResult, id, within, world};
use pytale::ErrorKind;
use pytale::bot::BotCredentials;
use pytale::prelude::*;

/// The name of py-tale's exception for an error.
fn exception(error: &pytale::Error) -> &'static str {
    // snippet: exceptions
    match error.kind() {
        ErrorKind::TimedOut(_) => "ConsoleTimeoutException",
        ErrorKind::AlreadyOpen(_) => "ConsoleAlreadyCreatedException",
        ErrorKind::Console => "ConsoleCreateFailedException",
        ErrorKind::NoAccount { .. } => "FunctionDisabledException",
        ErrorKind::ArgumentType { .. } => "WrongArgumentTypeException",
        ErrorKind::ArgumentFormat { .. } => "WrongArgumentFormatException",
        ErrorKind::PermissionDenied => "ConsolePermissionsDenied",
        _ => "none of them",
    }
    // end
}

#[tokio::test]
async fn each_exception_of_py_tale_is_a_kind_of_error() -> TestResult {
    let world = world().await;
    let (bot, sim, server) = (world.bot, world.sim, world.server);
    let failed = |error: pytale::Error| exception(&error);

    let wrong_type = bot.create_console(server).body(r#"{"should_launch":1}"#);
    let error = within(async { wrong_type.await }).await.unwrap_err();
    assert_eq!(failed(error), "WrongArgumentTypeException");
    let error = within(async { bot.main_sub("group-update").await })
        .await
        .unwrap_err();
    assert_eq!(failed(error), "WrongArgumentFormatException");

    bot.create_console(server)
        .ensure_open(Duration::from_secs(10))
        .await?;
    let error = bot.create_console(server).await.unwrap_err();
    assert_eq!(failed(error), "ConsoleAlreadyCreatedException");
    let error = bot
        .send_command_console(server, "no such command")
        .await
        .unwrap_err();
    assert_eq!(failed(error), "ConsoleCreateFailedException");
    bot.close_console(server).await?;

    sim.stop_server(sim.server()).await?;
    let hurried = bot
        .create_console(server)
        .ensure_open(Duration::from_millis(50));
    assert_eq!(
        failed(hurried.await.unwrap_err()),
        "ConsoleTimeoutException"
    );
    bot.close_console(server).await?;

    sim.start_server(sim.server())?;
    sim.set_role(sim.group(), sim.bot().user_id, 1)?;
    let error = bot
        .create_console(server)
        .ensure_open(Duration::from_secs(10))
        .await
        .unwrap_err();
    assert_eq!(failed(error), "ConsolePermissionsDenied");

    let account = sim.bot();
    let alone = BotCredentials::new(account.client_id, account.client_secret);
    let alone = Bot::builder()
        .bot(alone)
        .endpoints(crate::endpoints(&sim))
        .connect();
    let error = within(alone)
        .await?
        .request_search_username("Ashwick")
        .await
        .unwrap_err();
    assert_eq!(failed(error), "FunctionDisabledException");
    let nowhere = bot
        .request_server_by_id(ServerId::new(id(42)))
        .await
        .unwrap_err();
    assert_eq!(failed(nowhere), "none of them");
    Ok(())
}
