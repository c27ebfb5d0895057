//! `tale doctor`.

use crate::run::{Done, Town, assert_documented, tale};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A port of the loopback, whose connections get this text after the first bytes that they send; `None` sends nothing.
async fn port_with(reply: Option<&'static [u8]>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let held = Arc::new(tokio::sync::Mutex::new(Vec::new()));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let held = Arc::clone(&held);
            tokio::spawn(async move {
                let mut request = [0; 1_024];
                // A probe can close its connection at once.
                let Ok(1..) = stream.read(&mut request).await else {
                    return;
                };
                if let Some(reply) = reply {
                    let _ = stream.write_all(reply).await;
                }
                held.lock().await.push(stream);
            });
        }
    });
    port
}

/// A port on which nothing listens.
async fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port().to_string()
}

const PING: &[u8] =
    br#"{"name":"Thornwood","password_required":true,"whitelist_enabled":false,"game_port":1757}"#;

/// Runs the doctor against the console port of the town, with these other ports.
async fn doctor(town: &Town, login: &str, admin: &str, more: &[&str]) -> Done {
    let ports = ["doctor", "--login-port", login, "--admin-port", admin];
    town.tale(&[&ports, more].concat()).await
}

/// The line of a check.
fn line<'d>(done: &'d Done, check: &str) -> &'d str {
    let mut lines = done.out.lines();
    let found = lines.find(|line| line.split_whitespace().nth(1) == Some(check));
    found.unwrap_or_else(|| panic!("no line of {check}: {done:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_server_has_no_problem() {
    let town = Town::start().await;
    town.world.player_joins("Ashwick").unwrap();
    let (login, admin) = (port_with(Some(PING)).await, closed_port().await);
    let done = doctor(&town, &login, &admin, &[]).await;
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
    for (check, text) in [
        ("token", "console_token.txt"),
        ("console", "accepts the token"),
        ("reply", " ms, 1 online"),
        ("clock", "differs by "),
        ("login", "\"Thornwood\", game port 1757, with a password"),
        ("admin", "not used (optional)"),
    ] {
        let line = line(&done, check);
        assert!(line.starts_with("ok ") && line.contains(text), "{done:?}");
    }
    assert!(done.out.ends_with("\nno problem was found\n"), "{done:?}");
    let mut shown = done.out.clone();
    for (own, usual) in [
        (town.token_file(), "/srv/tavern/console_token.txt"),
        (&town.port(), "1760"),
        (&login, "1762"),
        (&admin, "1764"),
        (env!("CARGO_PKG_VERSION"), "0.1.0"),
    ] {
        shown = shown.replace(own, usual);
    }
    shown = with_number(&shown, "`player list` in ", " ms", "2");
    shown = with_number(&shown, "differs by ", " s", "0.0");
    assert_documented(&shown);
}

/// The text with another number between two texts.
fn with_number(text: &str, before: &str, after: &str, number: &str) -> String {
    let (start, rest) = text.split_once(before).unwrap();
    let (_, end) = rest.split_once(after).unwrap();
    format!("{start}{before}{number}{after}{end}")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_is_one_line_with_a_status_for_monitoring() {
    let town = Town::start().await;
    let login = port_with(Some(PING)).await;
    let done = doctor(&town, &login, "0", &["--check"]).await;
    assert_eq!((done.code, done.out.lines().count()), (0, 1), "{done:?}");
    assert!(
        done.out.starts_with("TALE OK - ws://127.0.0.1:")
            && done.out.contains(", 0 players online | time=0.")
            && done.out.ends_with("s players=0\n"),
        "{done:?}"
    );
    let shown = done.out.replace(&town.port(), "1760");
    let shown = with_number(&shown, "replies in ", " ms", "2");
    assert_documented(&with_number(&shown, "time=", "s", "0.002"));
    let nobody = closed_port().await;
    let done = doctor(&town, &nobody, "0", &["--check"]).await;
    assert_eq!((done.code, done.out.lines().count()), (1, 1), "{done:?}");
    assert!(
        done.out.starts_with("TALE WARNING - ") && done.out.contains("login: 127.0.0.1 port "),
        "{done:?}"
    );
    let port = closed_port().await;
    let options = ["--port", &port, "--token-file", town.token_file()];
    let check = [
        "doctor",
        "--check",
        "--login-port",
        "0",
        "--admin-port",
        "0",
    ];
    let done = tale(&[&options[..], &check].concat()).await;
    assert_eq!((done.code, done.out.lines().count()), (2, 1), "{done:?}");
    assert!(
        done.out.starts_with("TALE CRITICAL - ") && done.out.contains("nothing listens there"),
        "{done:?}"
    );
    assert_documented(&done.out.replace(&port, "1760"));
    let done = tale(&["doctor", "--check", "--profile", "nowhere"]).await;
    assert_eq!((done.code, done.out.lines().count()), (3, 1), "{done:?}");
    assert!(
        done.out.starts_with("TALE UNKNOWN - ") && done.out.contains("nowhere"),
        "{done:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_speaks_something_else_is_named() {
    let town = Town::start().await;
    for (reply, said) in [
        (
            Some(&b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"[..]),
            "it is a web server: HTTP/1.1 404 Not Found",
        ),
        (Some(b"SSH-2.0-OpenSSH_9.6\r\n"), "it is an SSH server"),
        (Some(b"\x15\x03\x01\x00\x02\x02\x46"), "it speaks TLS"),
        (
            Some(b"\x1b[31mgarbage garbage garbage garbage garbage garbage garbage\n"),
            "it speaks another protocol, which begins with",
        ),
        (None, "it accepts connections and sends nothing"),
    ] {
        let port = port_with(reply).await;
        let options = ["--port", &port, "--token-file", town.token_file()];
        let arguments = [
            "doctor",
            "--login-port",
            "0",
            "--admin-port",
            &port,
            "--timeout",
            "1",
        ];
        let done = tale(&[&options[..], &arguments].concat()).await;
        assert_eq!(done.code, 1, "{said}: {done:?}");
        let console = line(&done, "console");
        assert!(
            console.starts_with("critical")
                && console.contains("is no console: ")
                && console.contains(said),
            "{said}: {done:?}"
        );
        assert!(line(&done, "admin").contains(said), "{said}: {done:?}");
        assert!(done.out.contains("help: "), "{done:?}");
        assert!(!done.out.contains('\u{1b}'), "{done:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_on_the_port_of_the_login_is_named() {
    let town = Town::start().await;
    let done = doctor(&town, &town.port(), "0", &[]).await;
    assert_eq!(done.code, 0, "{done:?}");
    let login = line(&done, "login");
    assert!(
        login.starts_with("warning") && login.contains("does not reply to a ping"),
        "{done:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_and_a_missing_one_are_told_apart_and_never_shown() {
    let town = Town::start().await;
    let wrong = town.folder().join("wrong.txt");
    std::fs::write(&wrong, "a.secret.token").unwrap();
    let port = town.port();
    let run = async |file: &str| {
        let options = ["--port", &port, "--token-file", file];
        let arguments = [
            "doctor",
            "--login-port",
            "0",
            "--admin-port",
            "0",
            "--timeout",
            "1",
        ];
        tale(&[&options[..], &arguments].concat()).await
    };
    let done = run(wrong.to_str().unwrap()).await;
    assert_eq!(done.code, 1, "{done:?}");
    assert!(line(&done, "token").starts_with("warning"), "{done:?}");
    assert!(
        line(&done, "console").contains("does not accept the token"),
        "{done:?}"
    );
    assert!(!done.out.contains("secret"), "{done:?}");
    let missing = town.folder().join("missing.txt");
    let done = run(missing.to_str().unwrap()).await;
    assert_eq!(done.code, 1, "{done:?}");
    let token = line(&done, "token");
    assert!(
        token.starts_with("critical") && token.contains("does not exist"),
        "{done:?}"
    );
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_token_file_that_others_can_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;

    let town = Town::start().await;
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(town.token_file(), open).unwrap();
    let done = doctor(&town, "0", "0", &[]).await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.out.contains("every user of this machine can read ")
            && done.out.contains("help: chmod 600 ")
            && done.out.ends_with("\n1 warning\n"),
        "{done:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_replies_is_a_problem() {
    let town = Town::start().await;
    let server = town.world.server().get().try_into().unwrap();
    town.world.sim().stall_console(server);
    let done = doctor(&town, "0", "0", &["--timeout", "1"]).await;
    assert_eq!(done.code, 1, "{done:?}");
    assert!(
        line(&done, "reply").contains("no reply to `player list` within 1s"),
        "{done:?}"
    );
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn without_any_place_of_a_token_the_ports_are_checked() {
    let town = Town::start().await;
    let home = tempfile::tempdir().unwrap();
    let home = home.path().to_str().unwrap();
    let variables = [("HOME", home), ("WINEPREFIX", ""), ("XDG_DATA_HOME", home)];
    let login = port_with(Some(PING)).await;
    let port = town.port();
    let arguments = [
        "--port",
        &port,
        "doctor",
        "--login-port",
        &login,
        "--admin-port",
        "0",
    ];
    let done = crate::run::tale_in(&variables, &arguments).await;
    assert_eq!(done.code, 1, "{done:?}");
    let token = line(&done, "token");
    assert!(
        token.starts_with("critical") && token.contains("no console_token.txt was found"),
        "{done:?}"
    );
    assert!(
        done.out
            .contains("help: name it with --token-file or TAVERN_TOKEN_FILE"),
        "{done:?}"
    );
    assert!(
        line(&done, "console").contains("speaks websocket, as a console does"),
        "{done:?}"
    );
    assert!(line(&done, "login").starts_with("ok "), "{done:?}");
    let done = crate::run::tale_in(&variables, &[&arguments[..], &["--check"]].concat()).await;
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.out.starts_with("TALE CRITICAL - "), "{done:?}");
    // All other subcommands cannot begin without a token.
    let done = crate::run::tale_in(&variables, &["--port", &port, "exec", "time"]).await;
    assert_eq!((done.code, done.out.as_str()), (2, ""), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_problem_says_what_to_do() {
    let town = Town::start().await;
    let silent = port_with(None).await;
    let closed = closed_port().await;
    let wrong = town.folder().join("wrong.txt");
    std::fs::write(&wrong, "no token").unwrap();
    for (port, token) in [
        (town.port(), wrong.to_str().unwrap()),
        (closed.clone(), town.token_file()),
        (silent.clone(), "/no/such/file"),
    ] {
        let arguments = [
            "--port",
            &port,
            "--token-file",
            token,
            "doctor",
            "--timeout",
            "1",
            "--login-port",
            &silent,
            "--admin-port",
            &silent,
        ];
        let done = tale(&arguments).await;
        let lines: Vec<&str> = done.out.lines().collect();
        let is_problem =
            |line: &&str| line.starts_with("critical ") || line.starts_with("warning ");
        let problems = lines.iter().filter(|line| is_problem(line)).count();
        let helps = lines
            .iter()
            .filter(|line| line.trim_start().starts_with("help: "))
            .count();
        assert!(problems >= 3, "{done:?}");
        assert_eq!(problems, helps, "{done:?}");
    }
}
