//! `cargo xtask bench tale`: the time of `tale exec`, from the start of the process to its end, over loopback.

use crate::{Error, bench, cargo, metadata};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The budget of the median.
const BUDGET: Duration = Duration::from_millis(50);

const RUNS: usize = 100;

/// The load server of the benchmarks, which accepts any token. Dropping it ends the process.
struct Server {
    child: Child,
    port: String,
}

impl Server {
    fn start(program: PathBuf) -> Result<Self, Error> {
        let mut command = Command::new(program);
        command.args(["serve", "console"]).stdout(Stdio::piped());
        let mut server = Self {
            child: command.spawn()?,
            port: String::new(),
        };
        let output = server.child.stdout.take().ok_or("no output")?;
        let mut address = String::new();
        BufReader::new(output).read_line(&mut address)?;
        let (_, port) = address
            .trim()
            .rsplit_once(':')
            .ok_or("the server printed no address")?;
        port.clone_into(&mut server.port);
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Builds the program as it is released, runs it in turn, and prints the times. `--check` fails if the median is over the budget.
pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    let is_check = match arguments {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => return Err("the only flag of `bench tale` is --check".into()),
    };
    bench::build()?;
    bench::succeed(cargo().args(["build", "--quiet", "--profile", "bench", "-p", "pytale-cli"]))?;
    // The folder of the profile `bench`.
    let folder = metadata()?.target_directory.join("release");
    let program =
        |name: &str| PathBuf::from(folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)));
    let server = Server::start(program("yardstick"))?;
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let mut command = Command::new(program("tale"));
        command
            .args(["--port", &server.port, "exec", "player list"])
            .env("TAVERN_TOKEN", "token")
            .env("TALE_CONFIG", folder.join("no-configuration.toml"))
            .env_remove("TAVERN_TOKEN_FILE")
            .env_remove("TALE_PROFILE")
            .stdout(Stdio::null());
        let start = Instant::now();
        bench::succeed(&mut command)?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let median = times[RUNS / 2];
    println!(
        "tale exec \"player list\", {RUNS} runs: fastest {:.1} ms, median {:.1} ms, slowest {:.1} ms; budget of the median {} ms",
        milliseconds(times[0]),
        milliseconds(median),
        milliseconds(times[RUNS - 1]),
        BUDGET.as_millis()
    );
    if is_check && median > BUDGET {
        return Err("the median is over the budget".into());
    }
    Ok(())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
