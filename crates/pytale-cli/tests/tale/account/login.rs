//! Accounts, logins and secrets.

use super::Cloud;
#[cfg(unix)]
use super::terminal;

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
