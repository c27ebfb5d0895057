//! The settings of a bot from files, and their errors.

use crate::support::{builder, within};
use alta_bot::{Bot, Builder, Error, ErrorKind, UserId};
use alta_sim::Sim;
use std::path::{Path, PathBuf};

/// A file that is removed at the end.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("alta-bot-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        set_mode(&path, 0o600);
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

fn problems(error: &Error) -> &[String] {
    match error.kind() {
        ErrorKind::Config { problems } => problems,
        _ => panic!("{error}"),
    }
}

async fn refused(builder: Builder) -> Error {
    within(builder.connect()).await.unwrap_err()
}

#[tokio::test]
async fn a_settings_file_is_enough_for_a_bot() {
    let sim = Sim::builder().start().await.unwrap();
    let (bot, user) = (sim.bot(), sim.user());
    let text = format!(
        "# who\nALTA_CLIENT_ID={}\nALTA_CLIENT_SECRET=\"{}\"\nALTA_USER_ID = {}\nALTA_USERNAME={}\nALTA_PASSWORD='{}'\n\n\
         # where\nALTA_TOKEN_URL={}\nALTA_REST_URL={}\nALTA_SOCKET_URL={}\nALTA_SCOPES=\nALTA_DEBUG=False\n",
        bot.client_id,
        bot.client_secret,
        bot.user_id,
        user.username,
        user.password,
        sim.token_url(),
        sim.rest_url(),
        sim.socket_url()
    );
    let file = File::new("whole", &text);
    let builder = Bot::builder().read_file(&file.0);
    assert!(builder.warnings().is_empty(), "{:?}", builder.warnings());
    assert!(!format!("{builder:?}").contains(&bot.client_secret));
    let bot = within(builder.connect()).await.unwrap();
    assert_eq!(bot.username(), Some(sim.bot().username.as_str()));
    within(bot.request_search_username("Ashwick"))
        .await
        .unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_others_can_read_is_a_warning() {
    let file = File::new("open", "ALTA_CLIENT_ID=client_1\nALTA_CLIENT_SECRET=c2Vj\n");
    set_mode(&file.0, 0o640);
    let warnings = Bot::builder().read_file(&file.0).warnings().to_vec();
    assert!(warnings[0].contains("chmod 600"), "{warnings:?}");
}

#[tokio::test]
async fn all_errors_are_returned_at_once_without_secrets() {
    let file = File::new(
        "wrong",
        "ALTA_CLIENT_SECRET=c2VjcmV0\nALTA_USERNAME=Ashwick\nALTA_USER_ID=me\nALTA_REST_URL=ftp://example.invalid\n\
         ALTA_CLIENTID=1\nc2VjcmV0==\nhunter2\nALTA_USERNAME=Ashwick\n",
    );
    let error = refused(Bot::builder().read_file(&file.0)).await;
    let problems = problems(&error);
    for part in [
        "not ALTA_CLIENT_ID",
        "not ALTA_PASSWORD",
        "ALTA_USER_ID to a value that is not a user id",
        "ALTA_REST_URL to a value that is not an address that begins with http:// or https://",
        "did you mean ALTA_CLIENT_ID",
        "line 6",
        "line 7",
        "line 8",
    ] {
        assert!(
            problems.iter().any(|problem| problem.contains(part)),
            "{part}: {problems:#?}"
        );
    }
    assert_eq!(problems.len(), 8, "{problems:#?}");
    let shown = format!("{error} {error:?}");
    assert!(
        !shown.contains("c2Vj") && !shown.contains("hunter2"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_secret_in_the_place_of_any_other_setting_is_named_and_not_shown() {
    for name in [
        "ALTA_USER_ID",
        "ALTA_TOKEN_URL",
        "ALTA_REST_URL",
        "ALTA_SOCKET_URL",
        "ALTA_DEBUG",
        "ALTA_NONSENSE",
    ] {
        for secret in ["hunter2", "hunter2:abc==", "//hunter2@", "\u{1b}hunter2"] {
            let text = format!("ALTA_CLIENT_ID=c\nALTA_CLIENT_SECRET=s\n{name}={secret}\n");
            let file = File::new("misplaced", &text);
            let builder = Bot::builder().read_file(&file.0);
            let shown = format!("{builder:?} {:?}", builder.warnings());
            assert!(!shown.contains("hunter2"), "{name}: {shown}");
            let error = refused(builder).await;
            let shown = format!("{error} {error:?} {error:#?} {}", error.kind());
            assert!(!shown.contains("hunter2"), "{name}: {shown}");
        }
    }
}

#[tokio::test]
async fn a_bot_without_settings_gets_an_error_that_names_them() {
    let nothing = refused(Bot::builder()).await;
    assert!(
        problems(&nothing)[0].contains("ALTA_CLIENT_ID"),
        "{nothing}"
    );
    let missing = refused(Bot::builder().read_file("/no/such/file")).await;
    assert_eq!(problems(&missing).len(), 1);
    assert!(problems(&missing)[0].contains("/no/such/file"), "{missing}");
}

#[tokio::test]
async fn a_user_id_that_differs_from_the_tokens_is_an_error() {
    let sim = Sim::builder().start().await.unwrap();
    let error = refused(builder(&sim).user_id(UserId::new(7))).await;
    let own = sim.bot().user_id.to_string();
    assert!(problems(&error)[0].contains(&own), "{error}");
    let user_id = UserId::new(sim.bot().user_id.try_into().unwrap());
    let bot = within(builder(&sim).user_id(user_id).connect())
        .await
        .unwrap();
    assert_eq!(bot.user_id(), Some(user_id));
}
