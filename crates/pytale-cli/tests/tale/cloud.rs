//! The cloud: logins, lists, and consoles of its servers.

use crate::run::{Done, finished};
#[cfg(unix)]
use crate::terminal::Terminal;
use pytale::testing::{Action, Fault, Hook, Sim};
use std::path::PathBuf;

/// Names that a terminal, a table or a parser could take for something else.
const HOSTILE: [&str; 4] = [
    "O\"Neil \\ Jr.",
    "\u{1b}[31mred\u{1b}]0;title\u{7}",
    "two\nlines",
    "\u{202e}gnp.exe",
];

/// A simulated cloud with a configuration in a folder of its own.
struct Cloud {
    sim: Sim,
    folder: tempfile::TempDir,
}

impl Cloud {
    async fn start() -> Self {
        Self::of(Sim::builder().start().await.unwrap())
    }

    /// The profile `bot` has the bot's account, and its secret in a file.
    fn of(sim: Sim) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cloud = Self { sim, folder };
        let account = cloud.sim.bot();
        cloud.configure(&format!(
            "client-id = '{}'\nclient-secret-file = 'bot.secret'",
            account.client_id
        ));
        cloud.write_secret(&account.client_secret);
        cloud
    }

    /// Writes the configuration: one profile with the addresses of the simulator and these lines.
    fn configure(&self, lines: &str) {
        let text = format!(
            "default = 'bot'\n[profiles.bot]\ntoken-url = '{}'\nrest-url = '{}'\n{lines}\n",
            self.sim.token_url(),
            self.sim.rest_url()
        );
        std::fs::write(self.path("config.toml"), text).unwrap();
    }

    fn write_secret(&self, secret: &str) {
        let path = self.path("bot.secret");
        std::fs::write(&path, secret).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;

            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            (
                "TALE_CONFIG",
                self.path("config.toml").to_str().unwrap().to_owned(),
            ),
            ("TALE_DATA", self.path("data").to_str().unwrap().to_owned()),
        ]
    }

    async fn tale(&self, arguments: &[&str]) -> Done {
        self.tale_with(&[], arguments, "").await
    }

    async fn tale_with(&self, more: &[(&str, &str)], arguments: &[&str], input: &str) -> Done {
        let variables = self.variables();
        let mut all: Vec<(&str, &str)> = variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        all.extend_from_slice(more);
        let done = finished(&all, arguments, input).await;
        let secret = self.sim.bot().client_secret;
        assert!(
            !done.out.contains(&secret) && !done.err.contains(&secret),
            "{done:?}"
        );
        assert!(
            !done.out.contains('\u{1b}') && !done.err.contains('\u{1b}'),
            "{done:?}"
        );
        done
    }

    /// The JSON that the program prints.
    async fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let done = self.tale(arguments).await;
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
        assert_eq!(done.out.lines().count(), 1, "{done:?}");
        serde_json::from_str(&done.out).unwrap()
    }
}

/// `docs/tale.md`, which shows what the program prints.
fn document() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/tale.md")).unwrap()
}

/// The words of each line.
fn words(text: &str) -> Vec<Vec<&str>> {
    text.lines()
        .map(|line| line.split_whitespace().collect())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_of_a_profile_logs_in() {
    let cloud = Cloud::start().await;
    let account = cloud.sim.bot();
    let done = cloud.tale(&["login"]).await;
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
    let me = format!("bot {} ({})", account.username, account.user_id);
    assert!(
        done.out.contains(&format!("logged in as {me}\n")),
        "{done:?}"
    );
    let done = cloud.tale(&["whoami"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.starts_with(&me), "{done:?}");
    assert!(
        done.out
            .contains(&format!("profile bot, cloud {}", cloud.sim.rest_url())),
        "{done:?}"
    );
    let me = cloud.json(&["whoami", "--json"]).await;
    assert_eq!(me["id"], account.user_id);
    assert_eq!(me["kind"], "bot");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_logs_in_with_a_password() {
    let cloud = Cloud::start().await;
    let user = cloud.sim.user();
    cloud.configure(&format!("username = '{}'", user.username));
    let password = user.password.as_str();
    let done = cloud
        .tale_with(&[("ALTA_PASSWORD", password)], &["whoami"], "")
        .await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.out.starts_with(&format!("player {}", user.username)),
        "{done:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_without_an_account_is_an_error_with_the_others() {
    let cloud = Cloud::start().await;
    let text = std::fs::read_to_string(cloud.path("config.toml")).unwrap();
    let text = text.replace("rest-url = 'http://", "rest-url = 'http://itsley:hunter20@");
    let text = text + "[profiles.home]\nport = 1760\n";
    std::fs::write(cloud.path("config.toml"), text).unwrap();
    let done = cloud.tale(&["groups", "--profile", "home"]).await;
    assert_eq!(done.code, 2, "{done:?}");
    assert!(
        done.err.contains("the profile home names no account")
            && done.err.contains("by --profile: bot"),
        "{done:?}"
    );
    // A password in an address is not shown.
    let done = cloud.tale(&["whoami"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(!done.out.contains("hunter20"), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_of_the_environment_logs_in() {
    let cloud = Cloud::start().await;
    std::fs::write(cloud.path("config.toml"), "").unwrap();
    let account = cloud.sim.bot();
    let (token, rest) = (cloud.sim.token_url(), cloud.sim.rest_url());
    let variables = [
        ("ALTA_CLIENT_ID", account.client_id.as_str()),
        ("ALTA_CLIENT_SECRET", account.client_secret.as_str()),
        ("ALTA_TOKEN_URL", token.as_str()),
        ("ALTA_REST_URL", rest.as_str()),
    ];
    let done = cloud.tale_with(&variables, &["whoami"], "").await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.contains(&account.username), "{done:?}");
    let done = cloud.tale_with(&variables[..1], &["whoami"], "").await;
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("but not ALTA_CLIENT_SECRET"), "{done:?}");
    let done = cloud
        .tale_with(&variables, &["login", "--store"], "secret\n")
        .await;
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("stored for a profile"), "{done:?}");
    let done = cloud.tale(&["whoami"]).await;
    assert_eq!(done.code, 2, "{done:?}");
    assert!(
        done.err.contains("no account of the cloud is configured") && done.err.contains("help:"),
        "{done:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failure_of_a_login_has_its_status() {
    let cloud = Cloud::start().await;
    cloud.write_secret("another-secret");
    let done = cloud.tale(&["groups"]).await;
    assert_eq!(done.code, 4, "{done:?}");
    assert!(!done.err.contains("another-secret"), "{done:?}");
    assert!(
        done.err.contains("tale login --store") && done.err.contains("profile bot"),
        "{done:?}"
    );
    std::fs::remove_file(cloud.path("bot.secret")).unwrap();
    let done = cloud.tale(&["groups"]).await;
    assert_eq!(done.code, 6, "{done:?}");
    assert!(done.err.contains("bot.secret"), "{done:?}");
    cloud.write_secret("another-secret");
    let config = format!(
        "[profiles.bot]\nclient-id = '{}'\nclient-secret-file = 'bot.secret'\n",
        cloud.sim.bot().client_id
    );
    let config = |urls: &str| std::fs::write(cloud.path("config.toml"), format!("{config}{urls}"));
    config("token-url = 'http://127.0.0.1:1/token'\nrest-url = 'http://127.0.0.1:1/api'\n")
        .unwrap();
    let done = cloud.tale(&["groups", "--profile", "bot"]).await;
    assert_eq!(done.code, 3, "{done:?}");
    assert!(
        done.err.contains("127.0.0.1:1") && done.err.contains("token-url"),
        "{done:?}"
    );
    config("rest-url = 'http://127.0.0.1:1/api'\n").unwrap();
    let done = cloud.tale(&["groups", "--profile", "bot"]).await;
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("but not token-url"), "{done:?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_others_can_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;

    let cloud = Cloud::start().await;
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(cloud.path("bot.secret"), open).unwrap();
    let done = cloud.tale(&["login"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.err.contains("warning: other users") && done.err.contains("chmod 600"),
        "{done:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_stored_only_if_the_cloud_accepts_it() {
    let cloud = Cloud::start().await;
    cloud.configure(&format!("client-id = '{}'", cloud.sim.bot().client_id));
    let store = ["login", "--store"];
    let done = cloud.tale_with(&[], &store, "another-secret\n").await;
    assert_eq!(done.code, 4, "{done:?}");
    let done = cloud.tale(&["login"]).await;
    assert_eq!(done.code, 2, "{done:?}");
    assert!(
        done.err.contains("has no client secret") && done.err.contains("--profile bot --store"),
        "{done:?}"
    );
    let secret = cloud.sim.bot().client_secret + "\n";
    let done = cloud.tale_with(&[], &store, &secret).await;
    assert_eq!(done.code, 0, "{done:?}");
    let stored = cloud.path("data").join("secrets").join("bot");
    assert!(done.out.contains(stored.to_str().unwrap()), "{done:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        let mode = std::fs::metadata(&stored).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let done = cloud.tale(&["login"]).await;
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_and_servers_are_tables_or_json() {
    let cloud = Cloud::start().await;
    let second = cloud.sim.add_group("Hollowmere");
    cloud.sim.admit_bot(second, 1).unwrap();
    let mill = cloud.sim.add_server(second, "Old Mill").unwrap();
    cloud
        .sim
        .player_joins(cloud.sim.server(), "Ashwick")
        .unwrap();

    let done = cloud.tale(&["groups"]).await;
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
    let lines = words(&done.out);
    assert_eq!(lines[0], ["ID", "NAME", "ROLE", "MEMBERS", "SERVERS"]);
    assert_eq!(lines.len(), 3, "{done:?}");
    assert!(lines[2].contains(&"Hollowmere"), "{done:?}");
    assert!(document().contains(&done.out), "{}", done.out);
    let groups = cloud.json(&["groups", "--json"]).await;
    assert_eq!(groups[1]["group"]["id"], second);

    let done = cloud.tale(&["servers"]).await;
    assert!(document().contains(&done.out), "{}", done.out);
    let lines = words(&done.out);
    assert_eq!(lines[0], ["ID", "NAME", "STATE", "PLAYERS", "GROUP"]);
    assert_eq!(lines[1][2], "up", "{done:?}");
    assert!(lines[1][3].starts_with('1'), "{done:?}");
    assert_eq!(lines[2][1..4], ["Old", "Mill", "down"], "{done:?}");
    let servers = cloud.json(&["servers", "hollowmere", "--json"]).await;
    assert_eq!(servers.as_array().unwrap().len(), 1, "{servers}");
    assert_eq!(servers[0]["id"], mill);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_given_by_id_or_name_and_the_nearest_names_are_offered() {
    let cloud = Cloud::start().await;
    let group = cloud.sim.add_group("Hollowmere");
    cloud.sim.admit_bot(group, 1).unwrap();
    cloud.sim.ban(group, "Griefer").unwrap();
    let by_name = cloud.json(&["bans", "HOLLOWMERE", "--json"]).await;
    let by_id = cloud.json(&["bans", &group.to_string(), "--json"]).await;
    assert_eq!(by_name, by_id);
    assert_eq!(by_id[0]["username"], "Griefer");
    let done = cloud.tale(&["members", "Holowmere"]).await;
    assert_eq!(done.code, 2, "{done:?}");
    let near = format!("did you mean Hollowmere ({group})?");
    assert!(done.err.contains(&near), "{done:?}");
    let done = cloud.tale(&["members", "17"]).await;
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("it has Hollowmere"), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_are_shown_without_control_characters() {
    let cloud = Cloud::start().await;
    let group = cloud.sim.group();
    for name in HOSTILE {
        cloud.sim.add_member(group, name).unwrap();
        cloud.sim.ban(group, &format!("{name} banned")).unwrap();
        let other = cloud.sim.add_group(name);
        cloud.sim.invite_bot(other).unwrap();
    }
    let group = group.to_string();
    for arguments in [&["members", &group][..], &["bans", &group], &["invites"]] {
        let done = cloud.tale(arguments).await;
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
        assert!(done.out.contains("O\"Neil \\ Jr."), "{done:?}");
        assert!(done.out.contains("\\u{1b}[31mred"), "{done:?}");
        assert!(done.out.contains("two\\nlines"), "{done:?}");
        assert!(!done.out.contains('\u{202e}'), "{done:?}");
    }
    let members = cloud.json(&["members", &group, "--json"]).await;
    let names: Vec<&str> = members
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|member| member["username"].as_str())
        .collect();
    assert!(HOSTILE.iter().all(|name| names.contains(name)), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_accepted_or_rejected() {
    let cloud = Cloud::start().await;
    let [first, second] = ["Hollowmere", "Old Mill"].map(|name| cloud.sim.add_group(name));
    for group in [first, second] {
        cloud.sim.invite_bot(group).unwrap();
    }
    let done = cloud.tale(&["invites"]).await;
    assert_eq!(words(&done.out).len(), 3, "{done:?}");
    let done = cloud.tale(&["invites", "accept", "hollowmere"]).await;
    assert_eq!(
        (done.code, done.out),
        (
            0,
            format!("accepted the invitation to Hollowmere ({first})\n")
        )
    );
    let done = cloud
        .tale(&["invites", "reject", &second.to_string()])
        .await;
    assert_eq!(
        (done.code, done.out),
        (
            0,
            format!("rejected the invitation to Old Mill ({second})\n")
        )
    );
    let done = cloud.tale(&["invites"]).await;
    assert_eq!((done.code, done.out.as_str()), (0, "(none)\n"), "{done:?}");
    let done = cloud.tale(&["invites", "accept", "hollowmere"]).await;
    assert_eq!(done.code, 2, "{done:?}");
    let groups = cloud.json(&["groups", "--json"]).await;
    assert_eq!(groups.as_array().unwrap().len(), 2, "{groups}");
}

/// Fills more than one page.
fn add_members(cloud: &Cloud) {
    for number in 0..1_100 {
        let name = format!("Member {number}");
        cloud.sim.add_member(cloud.sim.group(), &name).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_fails_is_an_error_without_a_part_of_the_list() {
    let cloud = Cloud::start().await;
    add_members(&cloud);
    let group = cloud.sim.group().to_string();
    let members = cloud.json(&["members", &group, "--json"]).await;
    assert!(members.as_array().unwrap().len() > 1_100);
    let fault = Fault::new(Hook::Http, Action::Refuse(500)).containing("paginationtoken");
    cloud.sim.faults().arm(fault.times(u32::MAX));
    for arguments in [&["members", &group][..], &["members", &group, "--json"]] {
        let done = cloud.tale(arguments).await;
        assert_eq!((done.code, done.out.as_str()), (1, ""), "{done:?}");
        assert!(
            done.err.contains("listing the members, after 1000 entries")
                && done.err.contains("500"),
            "{done:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exec_runs_on_a_server_of_the_cloud_by_id_name_and_profile() {
    let cloud = Cloud::start().await;
    let server = cloud.sim.server();
    cloud.sim.player_joins(server, "Ashwick").unwrap();
    let command = ["exec", "player list"];
    let id = server.to_string();
    for named in [id.as_str(), "thornwood"] {
        let done = cloud
            .tale(&[&["--server", named][..], &command].concat())
            .await;
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
        assert!(done.out.contains("Ashwick"), "{done:?}");
    }
    let done = cloud
        .tale(&[&["--server", "Thronwood"][..], &command].concat())
        .await;
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("did you mean Thornwood"), "{done:?}");
    let account = format!(
        "client-id = '{}'\nclient-secret-file = 'bot.secret'",
        cloud.sim.bot().client_id
    );
    for named in [id, "'Thornwood'".to_owned()] {
        cloud.configure(&format!("{account}\nserver = {named}"));
        let done = cloud.tale(&command).await;
        assert_eq!(done.code, 0, "{done:?}");
        assert!(done.out.contains("Ashwick"), "{done:?}");
    }
    cloud.configure(&format!("{account}\nserver = 7\nhost = 'town.example'"));
    let done = cloud.tale(&command).await;
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("use two profiles"), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failure_of_a_console_of_the_cloud_has_its_status() {
    let cloud = Cloud::start().await;
    cloud.sim.stop_server(cloud.sim.server()).await.unwrap();
    let done = cloud.tale(&["--server", "Thornwood", "exec", "time"]).await;
    assert_eq!(done.code, 3, "{done:?}");
    assert!(done.err.contains("tale servers"), "{done:?}");
    // A member may not use consoles.
    let group = cloud.sim.add_group("Hollowmere");
    cloud.sim.admit_bot(group, 1).unwrap();
    let mill = cloud.sim.add_server(group, "Old Mill").unwrap();
    let done = cloud
        .tale(&["--server", &mill.to_string(), "exec", "time"])
        .await;
    assert_eq!(done.code, 4, "{done:?}");
    cloud.write_secret("another-secret");
    let done = cloud.tale(&["--server", "Thornwood", "exec", "time"]).await;
    assert_eq!(done.code, 4, "{done:?}");
    let done = cloud
        .tale(&["--server", "Thornwood", "--port", "1760", "exec", "time"])
        .await;
    assert_eq!(done.code, 2, "{done:?}");
}

#[cfg(unix)]
fn terminal(cloud: &Cloud, arguments: &[&str]) -> Terminal {
    let variables = cloud.variables();
    let variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    Terminal::start(80, 24, &variables, arguments)
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_typed_secret_is_not_shown() {
    let cloud = Cloud::start().await;
    cloud.configure(&format!("client-id = '{}'", cloud.sim.bot().client_id));
    let mut terminal = terminal(&cloud, &["login", "--store"]);
    terminal.wait_for_text("client secret:");
    let secret = cloud.sim.bot().client_secret;
    terminal.keys(&format!("{secret}\r"));
    let lines = terminal.wait_for_text("the client secret is stored in");
    assert!(
        lines.iter().all(|line| !line.contains(&secret)),
        "{lines:?}"
    );
    assert_eq!(terminal.status(), 0);
    assert_eq!(cloud.tale(&["login"]).await.code, 0);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_console_of_a_server_of_the_cloud_continues_after_a_restart() {
    let cloud = Cloud::start().await;
    let server = cloud.sim.server();
    let mut terminal = terminal(&cloud, &["--server", "Thornwood", "console"]);
    terminal.wait_for_text("-- connected");
    terminal.wait_for_line("Thornwood>");
    cloud.sim.stop_server(server).await.unwrap();
    terminal.wait_for_text("-- not connected");
    // It gets another port.
    cloud.sim.start_server(server).unwrap();
    terminal.keys(":reconnect\r");
    terminal.wait_for_text("-- connected again");
    cloud.sim.player_joins(server, "Ashwick").unwrap();
    terminal.keys("player list\r");
    terminal.wait_for_text("USERNAME");
    terminal.wait_for_line("Thornwood>");
    terminal.keys("\x04");
    assert_eq!(terminal.status(), 0);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_shows_its_progress_in_a_terminal() {
    let cloud = Cloud::start().await;
    add_members(&cloud);
    // The second page never comes.
    let fault = Fault::new(Hook::Http, Action::Silence).containing("paginationtoken");
    cloud.sim.faults().arm(fault);
    let terminal = terminal(&cloud, &["members", &cloud.sim.group().to_string()]);
    terminal.wait_for_text("1000 of 110");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_progress_is_gone_before_the_list() {
    let cloud = Cloud::start().await;
    let terminal = terminal(&cloud, &["members", &cloud.sim.group().to_string()]);
    let lines = terminal.wait_for_text("SINCE");
    assert!(lines[0].starts_with("ID"), "{lines:?}");
    assert_eq!(terminal.status(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_checks_a_server_of_the_cloud() {
    let cloud = Cloud::start().await;
    let server = cloud.sim.server();
    cloud.sim.player_joins(server, "Ashwick").unwrap();
    let done = cloud.tale(&["--server", "Thornwood", "doctor"]).await;
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
    for text in [
        "accepts the account",
        " ms, 1 online",
        "no problem was found",
    ] {
        assert!(done.out.contains(text), "{text}: {done:?}");
    }
    let done = cloud
        .tale(&["--server", "Thornwood", "doctor", "--check"])
        .await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.starts_with("TALE OK - Thornwood: "), "{done:?}");
    cloud.sim.stop_server(server).await.unwrap();
    let done = cloud.tale(&["--server", "Thornwood", "doctor"]).await;
    assert_eq!(done.code, 1, "{done:?}");
    assert!(
        done.out.contains("critical  console") && done.out.contains("help: "),
        "{done:?}"
    );
    cloud.write_secret("another-secret");
    let done = cloud
        .tale(&["--server", "Thornwood", "doctor", "--check"])
        .await;
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.out.starts_with("TALE CRITICAL - "), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_csv_for_a_spreadsheet() {
    let cloud = Cloud::start().await;
    let done = cloud.tale(&["groups", "--csv"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    let lines: Vec<&str> = done.out.lines().collect();
    assert_eq!(lines[0], "id,name,role,members,servers");
    assert!(lines[1].contains("Thornwood Folk"), "{done:?}");
    assert_eq!(cloud.tale(&["groups", "--csv", "--json"]).await.code, 2);
}
