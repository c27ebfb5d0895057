//! The account of the cloud: logins, lists, and consoles of its servers.

mod consoles;
mod lists;
mod login;

use crate::run::{Done, finished};
#[cfg(unix)]
use crate::terminal::Terminal;
use pytale::testing::Sim;
use std::path::PathBuf;

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

#[cfg(unix)]
fn terminal(cloud: &Cloud, arguments: &[&str]) -> Terminal {
    let variables = cloud.variables();
    let variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    Terminal::start(80, 24, &variables, arguments)
}
