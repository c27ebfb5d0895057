//! The simulator as a program, for clients in any language.

use alta_sim::{Error, Scenario, Sim};
use clap::{Parser, ValueEnum};
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::time::Duration;

/// Simulates A Township Tale's cloud and game servers on loopback ports, until it is interrupted or terminated.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The HTTP port. The main websocket gets the next port, consoles the ports after it. With 0, every port is any free one.
    #[arg(long, default_value_t = 13_490)]
    port: u16,
    /// The source of changes in the simulated world.
    #[arg(long, value_enum, default_value_t = World::Town)]
    scenario: World,
    /// The seed of everything random.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Milliseconds between two events in the town.
    #[arg(long, default_value_t = 500)]
    pace: u64,
    /// Invites the bot to the group, in place of making it a moderator.
    #[arg(long)]
    invited: bool,
    /// Runs a self-hosted server, too.
    #[arg(long)]
    self_hosted: bool,
    /// The folder for the self-hosted server's console_token.txt.
    #[arg(long, default_value = ".")]
    token_folder: std::path::PathBuf,
    /// The port of 127.0.0.1 by which tests in any language drive the simulator: HTTP and JSON. With 0, it is any free one.
    #[arg(long, value_name = "PORT")]
    control: Option<u16>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum World {
    /// Nothing changes.
    Empty,
    /// Players join, walk, fight, trade, die and leave by themselves.
    Town,
}

type BoxError = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let cause = error
                .source()
                .map(|source| format!(": {source}"))
                .unwrap_or_default();
            // A failure to write to standard error cannot be reported.
            let _ = writeln!(io::stderr(), "alta-sim: {error}{cause}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), BoxError> {
    // Before the first line is printed, so that a reader of that line can end the program.
    let mut signals = Signals::listen()?;
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
    let text = addresses(&sim, arguments)?;
    let printed = print(&text);
    if printed.is_ok() {
        signals.wait().await;
    }
    sim.shutdown().await;
    match printed {
        // The reader of the output has closed the pipe, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(format!("writing to standard output: {error}").into()),
        Ok(()) => Ok(()),
    }
}

/// The addresses and the accounts, one on each line.
fn addresses(sim: &Sim, arguments: &Arguments) -> Result<String, Error> {
    let (bot, user) = (sim.bot(), sim.user());
    let mut lines = vec![
        ("token endpoint", sim.token_url()),
        ("REST", sim.rest_url()),
        ("main websocket", sim.socket_url()),
        ("client id", bot.client_id),
        ("client secret", bot.client_secret),
        ("bot user id", bot.user_id.to_string()),
        ("user name", user.username),
        ("password", user.password),
        (
            "group, server",
            format!("{}, {}", sim.group(), sim.server()),
        ),
        ("console", sim.console_url(sim.server())?),
    ];
    if arguments.self_hosted {
        let server = sim.add_self_hosted("Hollowmere")?;
        let token = sim.write_console_token(server, &arguments.token_folder)?;
        lines.push(("self-hosted", sim.console_url(server)?));
        lines.push(("token file", token.display().to_string()));
    }
    if let Some(port) = arguments.control {
        let address = sim.serve_control((Ipv4Addr::LOCALHOST, port).into())?;
        lines.push(("control", format!("http://{address}")));
    }
    let lines = lines
        .into_iter()
        .map(|(label, value)| format!("{label:<15} {value}\n"));
    Ok(lines
        .chain(["Ctrl-C ends the program.\n".to_owned()])
        .collect())
}

fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// The signals that end the program.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The signals that end the program, including a closed window and a shutdown.
#[cfg(windows)]
struct Signals {
    c: tokio::signal::windows::CtrlC,
    r#break: tokio::signal::windows::CtrlBreak,
    close: tokio::signal::windows::CtrlClose,
    shutdown: tokio::signal::windows::CtrlShutdown,
}

#[cfg(windows)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::windows;

        Ok(Self {
            c: windows::ctrl_c()?,
            r#break: windows::ctrl_break()?,
            close: windows::ctrl_close()?,
            shutdown: windows::ctrl_shutdown()?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.c.recv() => {}
            _ = self.r#break.recv() => {}
            _ = self.close.recv() => {}
            _ = self.shutdown.recv() => {}
        }
    }
}
