//! The program in a pseudo-terminal, with the screen that a user would see.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// Far above the duration of any step, for a busy machine.
const BOUND: Duration = Duration::from_mins(1);

type Shared = Arc<(Mutex<Screen>, Condvar)>;

/// The screen, and the bytes that have drawn it.
struct Screen {
    parser: vt100::Parser,
    raw: Vec<u8>,
}

pub(crate) struct Terminal {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    screen: Shared,
}

impl Terminal {
    /// Starts the program in a terminal of this size.
    pub(crate) fn start(
        columns: u16,
        rows: u16,
        variables: &[(&str, &str)],
        arguments: &[&str],
    ) -> Self {
        let size = PtySize {
            rows,
            cols: columns,
            ..PtySize::default()
        };
        let pty = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tale"));
        command.args(arguments);
        for name in [
            "TALE_PROFILE",
            "TAVERN_TOKEN",
            "TAVERN_TOKEN_FILE",
            "COLUMNS",
            "NO_COLOR",
            "CLICOLOR",
            "CLICOLOR_FORCE",
        ] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pty.slave.spawn_command(command).unwrap();
        let screen: Shared = Arc::new((
            Mutex::new(Screen {
                parser: vt100::Parser::new(size_of(rows), size_of(columns), 1_000),
                raw: Vec::new(),
            }),
            Condvar::new(),
        ));
        let output = pty.master.try_clone_reader().unwrap();
        let shared = Arc::clone(&screen);
        std::thread::spawn(move || draw(output, &shared));
        Self {
            keys: pty.master.take_writer().unwrap(),
            master: pty.master,
            child,
            screen,
        }
    }

    pub(crate) fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let size = PtySize {
            rows,
            cols: columns,
            ..PtySize::default()
        };
        self.master.resize(size).unwrap();
        self.screen
            .0
            .lock()
            .unwrap()
            .parser
            .screen_mut()
            .set_size(size_of(rows), size_of(columns));
        // The screen is compared again.
        self.screen.1.notify_all();
    }

    /// Waits until the lines of the screen satisfy a condition, and returns them.
    pub(crate) fn wait_for(
        &self,
        what: &str,
        condition: impl Fn(&[String]) -> bool,
    ) -> Vec<String> {
        let deadline = Instant::now() + BOUND;
        let (screen, changed) = &*self.screen;
        let mut screen = screen.lock().unwrap();
        loop {
            let lines = lines_of(&screen.parser);
            if condition(&lines) {
                return lines;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "{what} did not happen; the screen:\n{}",
                lines.join("\n")
            );
            screen = changed.wait_timeout(screen, left).unwrap().0;
        }
    }

    /// Waits until a line of the screen contains a text.
    pub(crate) fn wait_for_text(&self, text: &str) -> Vec<String> {
        self.wait_for(&format!("{text:?}"), |lines| {
            lines.iter().any(|line| line.contains(text))
        })
    }

    /// Waits until the last line, which is being typed, is this one.
    pub(crate) fn wait_for_line(&self, line: &str) -> Vec<String> {
        self.wait_for(&format!("the line {line:?}"), |lines| {
            lines.last().is_some_and(|last| last == line)
        })
    }

    /// All bytes that the program has written.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.screen.0.lock().unwrap().raw.clone()
    }

    /// The settings of the terminal.
    pub(crate) fn mode(&self) -> String {
        format!("{:?}", self.master.get_termios().unwrap())
    }

    /// Sends a signal, such as `TERM`, to the program.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.process_id().unwrap().to_string();
        let kill = std::process::Command::new("kill")
            .args(["-s", name, &id])
            .status();
        assert!(kill.unwrap().success());
    }

    /// Waits for the end of the program, which must leave the terminal with these settings.
    pub(crate) fn ends_with_mode(&mut self, mode: &str) {
        let deadline = Instant::now() + BOUND;
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "the program did not end");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(self.mode(), mode);
    }

    /// Waits for the end of the program, and returns its exit status.
    pub(crate) fn status(mut self) -> u32 {
        let deadline = Instant::now() + BOUND;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(
                Instant::now() < deadline,
                "the program did not end; the screen:\n{}",
                lines_of(&self.screen.0.lock().unwrap().parser).join("\n")
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It has ended already in most tests.
        let _ = self.child.kill();
    }
}

fn size_of(length: u16) -> NonZero<u16> {
    NonZero::new(length).unwrap()
}

fn draw(mut output: Box<dyn Read + Send>, screen: &Shared) {
    let mut bytes = [0; 4_096];
    // A terminal whose program has ended is an error on Linux.
    while let Ok(read @ 1..) = output.read(&mut bytes) {
        let mut drawn = screen.0.lock().unwrap();
        drawn.parser.process(&bytes[..read]);
        drawn.raw.extend_from_slice(&bytes[..read]);
        drop(drawn);
        screen.1.notify_all();
    }
}

/// The lines up to the last one that is not empty.
fn lines_of(parser: &vt100::Parser) -> Vec<String> {
    let text = parser.screen().contents();
    text.trim_end()
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect()
}
