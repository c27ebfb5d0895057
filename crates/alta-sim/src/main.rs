//! The simulator as a program: point any client at it.

use std::time::Duration;

use alta_sim::{Error, Scenario, Sim};
use clap::{Parser, ValueEnum};

/// Simulates A Township Tale's cloud and game servers on loopback ports, until Ctrl-C.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The HTTP port; the main websocket takes the next one, consoles those after it. 0 takes any free ports.
    #[arg(long, default_value_t = 13_490)]
    port: u16,
    /// Whether the world moves by itself.
    #[arg(long, value_enum, default_value_t = World::Town)]
    scenario: World,
    /// The seed of everything random.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Milliseconds between two happenings in the town.
    #[arg(long, default_value_t = 500)]
    pace: u64,
    /// The bot is only invited to the group, not yet a moderator.
    #[arg(long)]
    invited: bool,
    /// Also runs a self-hosted server.
    #[arg(long)]
    self_hosted: bool,
    /// Where to write the self-hosted server's console_token.txt (default: the present folder).
    #[arg(long, default_value = ".")]
    token_folder: std::path::PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum World {
    /// Nothing happens.
    Empty,
    /// Players come, walk, fight, trade, die and go.
    Town,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            let cause = std::error::Error::source(&error)
                .map(|source| format!(": {source}"))
                .unwrap_or_default();
            say_error(&format!("alta-sim: {error}{cause}"));
            std::process::ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Error> {
    let scenario = match arguments.scenario {
        World::Empty => Scenario::Empty,
        World::Town => Scenario::Town,
    };
    let builder = Sim::builder()
        .port(arguments.port)
        .seed(arguments.seed)
        .scenario(scenario)
        .pace(Duration::from_millis(arguments.pace));
    let sim = if arguments.invited {
        builder.bot_invited()
    } else {
        builder
    }
    .start()
    .await?;
    let (bot, user) = (sim.bot(), sim.user());
    say(&format!("token endpoint  {}", sim.token_url()));
    say(&format!("REST            {}", sim.rest_url()));
    say(&format!("main websocket  {}", sim.socket_url()));
    say(&format!("client id       {}", bot.client_id));
    say(&format!("client secret   {}", bot.client_secret));
    say(&format!("bot user id     {}", bot.user_id));
    say(&format!("user name       {}", user.username));
    say(&format!("password        {}", user.password));
    say(&format!(
        "group, server   {}, {}",
        sim.group(),
        sim.server()
    ));
    say(&format!(
        "console         {}",
        sim.console_url(sim.server())?
    ));
    if arguments.self_hosted {
        let server = sim.add_self_hosted("Hollowmere")?;
        sim.write_console_token(server, &arguments.token_folder)?;
        say(&format!("self-hosted     {}", sim.console_url(server)?));
        say(&format!(
            "its token       {}",
            arguments.token_folder.join("console_token.txt").display()
        ));
    }
    say("Ctrl-C ends it.");
    // Without a signal handler there is nothing to wait for.
    let _ = tokio::signal::ctrl_c().await;
    sim.shutdown().await;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is what the program is for")]
fn say(line: &str) {
    println!("{line}");
}

#[expect(clippy::print_stderr, reason = "this is what the program is for")]
fn say_error(line: &str) {
    eprintln!("{line}");
}
