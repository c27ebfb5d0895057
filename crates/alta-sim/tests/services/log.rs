//! The log of game servers.

use crate::support::{Socket, console, console_with};
use alta_sim::{ErrorKind, LogLevel, LogLine, Sim};

/// The level, the logger and the message of the next event, which is a line of the log.
async fn line(socket: &mut Socket) -> [String; 3] {
    let frame = socket.json().await;
    assert!(frame["data"]["timeStamp"].is_string(), "{frame}");
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let data = &frame["data"];
    [&frame["eventType"], &data["logger"], &data["message"]].map(text)
}

/// Another console with a subscription to these levels.
async fn log(sim: &Sim, levels: &[&str]) -> Socket {
    let mut socket = console(sim, sim.server()).await;
    for level in levels {
        let reply = socket
            .command(1, &format!("websocket subscribe {level}"))
            .await;
        assert_eq!(reply["data"]["Result"], "Success");
        if levels[0] == "InfoLog" {
            line(&mut socket).await;
            line(&mut socket).await;
        }
    }
    socket
}

#[tokio::test]
async fn a_command_is_logged_with_the_permissions_of_its_caller() {
    let sim = Sim::builder().start().await.unwrap();
    let role = sim.add_role(sim.group(), "Keeper", &["Console", "Kick"]);
    let (group, bot) = (sim.group(), sim.bot().user_id);
    sim.set_role(group, bot, role.unwrap()).unwrap();
    let mut log = log(&sim, &["InfoLog"]).await;
    let mut socket = console(&sim, sim.server()).await;
    socket.command(1, "player count").await;
    let [_, logger, message] = line(&mut log).await;
    assert_eq!(logger, "Alta.Console.WebSocketCommandHandler");
    let (front, time) = message.split_once("Creation Time: ").unwrap();
    let expected = "[WebSocketCommandHandler]: Running Command player count with context: CommandContext Debug Info\n\
         Calling User: (Example_Bot:1100000001)\nCommand:\n\nGroup Permissions:Console,Kick\n";
    assert_eq!(front, expected);
    assert_eq!(time.len(), "08/03/2024 04:33:14\n".len(), "{time}");
    let [_, logger, message] = line(&mut log).await;
    assert_eq!(logger, "Alta.Console.CommandService");
    let expected =
        "[CommandService.Handle] Running command player count as user (Example_Bot:1100000001)";
    assert_eq!(message, expected);
}

#[tokio::test]
async fn the_server_itself_has_no_group_permissions() {
    let sim = Sim::builder().start().await.unwrap();
    let server = sim.add_self_hosted("Hollowmere").unwrap();
    let mut socket = console_with(&sim, server, &sim.console_token(server)).await;
    socket.is_accepted().await;
    socket.command(1, "websocket subscribe InfoLog").await;
    let [_, _, message] = line(&mut socket).await;
    assert!(
        message.contains("(Server:0)\nCommand:\n\nCreation Time: "),
        "{message}"
    );
}

#[tokio::test]
async fn commands_without_a_result_write_to_the_log() {
    let sim = Sim::builder().start().await.unwrap();
    sim.player_joins(sim.server(), "O'Neil").unwrap();
    let mut log = log(&sim, &["InfoLog"]).await;
    let mut socket = console(&sim, sim.server()).await;
    let logged = async |socket: &mut Socket, log: &mut Socket, command: &str, lines: usize| {
        let reply = socket.command(1, command).await;
        assert_eq!(reply["data"]["ResultString"], "Success", "{command}");
        assert!(reply["data"].get("Result").is_none());
        // The two lines of every command come first.
        for expected in ["[WebSocketCommandHandler]: ", "[CommandService.Handle] "] {
            let [_, _, message] = line(log).await;
            assert!(message.starts_with(expected), "{message}");
        }
        let mut messages = Vec::new();
        for _ in 0..lines {
            messages.push(line(log).await[2].clone());
        }
        messages
    };
    let paths = logged(&mut socket, &mut log, "player progression list", 7).await;
    assert_eq!((&*paths[0], &*paths[6]), ("Forging", "Ranged"));
    for (command, message) in [
        (
            "pathxp \"O'Neil\" mining 250",
            "O'Neil: Mining level 0, 250 xp",
        ),
        (
            "pathlevelup \"O'Neil\" Mining",
            "O'Neil: Mining level 1, 250 xp",
        ),
        ("clearpath \"O'Neil\" Mining", "O'Neil: cleared Mining"),
        ("pathxp * Mining 1", "O'Neil: Mining level 0, 1 xp"),
    ] {
        let command = format!("player progression {command}");
        assert_eq!(logged(&mut socket, &mut log, &command, 1).await, [message]);
    }
    for command in ["allxp * 9", "checkallxp *"] {
        let command = format!("player progression {command}");
        let lines = logged(&mut socket, &mut log, &command, 7).await;
        assert_eq!(lines[2], "O'Neil: Mining level 0, 10 xp");
    }
    logged(&mut socket, &mut log, "player progression clearall *", 1).await;
    for command in ["setdamagemulti 1.5", "getdamagemulti"] {
        let command = format!("player {command}");
        let lines = logged(&mut socket, &mut log, &command, 1).await;
        assert_eq!(lines, ["Damage multiplier: 1.5"]);
    }
    let reply = socket
        .command(1, "player progression pathxp * Luck 1")
        .await;
    assert_eq!(
        reply["data"]["Exception"]["Message"],
        "Couldn't find path Luck"
    );
}

#[tokio::test]
async fn a_test_writes_lines_and_lets_commands_write_them() {
    let sim = Sim::builder().start().await.unwrap();
    let server = sim.server();
    let mut log = log(&sim, &["WarnLog", "TraceLog"]).await;
    let mut socket = console(&sim, server).await;
    let warning = LogLine::new(LogLevel::Warn, "Alta.Chunks", "two\nlines");
    sim.log(server, &warning).unwrap();
    let shown = ["WarnLog", "Alta.Chunks", "two\nlines"];
    assert_eq!(line(&mut log).await, shown);

    let count = LogLine::new(LogLevel::Trace, "Alta.Players", "nobody");
    sim.log_for_command(server, "Player Count", count).unwrap();
    sim.log_for_command(server, "player", warning.clone())
        .unwrap();
    socket.command(1, "player list").await;
    assert_eq!(line(&mut log).await, shown);
    socket.command(2, "player count").await;
    assert_eq!(line(&mut log).await, ["TraceLog", "Alta.Players", "nobody"]);
    assert_eq!(line(&mut log).await, shown);
    socket.command(3, "time").await;
    assert!(log.is_silent().await);

    for error in [
        sim.log(9, &warning).unwrap_err(),
        sim.log_for_command(9, "time", warning).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("no server 9"), "{error}");
    }
}
