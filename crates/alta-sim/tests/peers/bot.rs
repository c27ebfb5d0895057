//! A bot that uses a foreign package, in its own process. It reads one request on each line and writes reports.

use serde_json::Value;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// Above the duration of anything that succeeds.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);

/// The process; it is killed when this is dropped.
pub(crate) struct Bot {
    process: Child,
    requests: ChildStdin,
    reports: Lines<BufReader<ChildStdout>>,
    errors: ChildStderr,
    /// Reports that no caller has taken yet.
    backlog: Vec<Value>,
}

impl Bot {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self {
            requests: process.stdin.take().unwrap(),
            reports: BufReader::new(process.stdout.take().unwrap()).lines(),
            errors: process.stderr.take().unwrap(),
            process,
            backlog: Vec::new(),
        }
    }

    /// Sends a request, such as `{"do": "players"}`.
    pub(crate) async fn send(&mut self, request: Value) {
        let line = format!("{request}\n");
        if let Err(error) = self.requests.write_all(line.as_bytes()).await {
            self.fail(&format!("does not accept requests: {error}"))
                .await;
        }
    }

    /// Sends a request and waits for its report.
    pub(crate) async fn call(&mut self, request: Value) -> Value {
        let action = request["do"].as_str().unwrap().to_owned();
        self.send(request).await;
        self.did(&action).await
    }

    /// The report of a request.
    pub(crate) async fn did(&mut self, action: &str) -> Value {
        self.report("did", action).await
    }

    /// A report of the console without a request: `ready`, `close`, `rejected` or `event`.
    pub(crate) async fn saw(&mut self, what: &str) -> Value {
        self.report("saw", what).await
    }

    /// Lets the bot end by itself. Returns the reports that no caller has taken.
    pub(crate) async fn end(self) -> Vec<Value> {
        let Self {
            mut process,
            requests,
            mut reports,
            mut errors,
            mut backlog,
        } = self;
        drop(requests);
        let ending = async {
            while let Some(line) = reports.next_line().await.unwrap() {
                backlog.push(serde_json::from_str(&line).unwrap());
            }
            let mut said = String::new();
            errors.read_to_string(&mut said).await.unwrap();
            (process.wait().await.unwrap(), said)
        };
        let (status, said) = timeout(TIMEOUT, ending).await.expect("an end in time");
        assert!(status.success() && said.is_empty(), "{status}: {said}");
        backlog
    }

    async fn report(&mut self, key: &str, value: &str) -> Value {
        if let Some(at) = self.backlog.iter().position(|report| report[key] == value) {
            return self.backlog.remove(at);
        }
        loop {
            let report: Value = match timeout(TIMEOUT, self.reports.next_line()).await {
                Ok(Ok(Some(line))) => serde_json::from_str(&line).unwrap(),
                Ok(Ok(None)) => {
                    self.fail(&format!("has ended before it {key} {value}"))
                        .await
                }
                Ok(Err(error)) => self.fail(&format!("cannot be read: {error}")).await,
                Err(_) => self.fail(&format!("never {key} {value}")).await,
            };
            if report[key] == value {
                return report;
            }
            self.backlog.push(report);
        }
    }

    async fn fail(&mut self, how: &str) -> ! {
        let _ = self.process.kill().await;
        let mut said = String::new();
        let _ = self.errors.read_to_string(&mut said).await;
        panic!("the bot {how}; it did {:?} and said {said:?}", self.backlog);
    }
}
