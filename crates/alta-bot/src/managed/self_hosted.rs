use alta_model::ServerId;
use att_console::{Access, Config, Console, ConsoleAccess, TokenFile};
use std::fmt;
use std::sync::Arc;
use url::Url;

/// A self-hosted server: how its console is reached, and how it is called.
#[derive(Clone)]
pub struct SelfHosted {
    access: Arc<dyn Access>,
    /// Goes before the configuration's, in whatever order they were given.
    label: Option<String>,
    config: Config,
}

impl SelfHosted {
    /// A server whose console is reached this way: by a [`ConsoleAccess`] with its token, or by a [`TokenFile`].
    pub fn new(access: impl Access) -> Self {
        Self {
            access: Arc::new(access),
            label: None,
            config: Config::default(),
        }
    }

    /// With this name in errors, logs and health snapshots.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// With another configuration of its console.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// The name that the program has chosen.
    pub(crate) fn own_label(&self) -> Option<&str> {
        self.label.as_deref().or(self.config.label.as_deref())
    }

    /// Where its console is, in one form for all its addresses.
    pub(crate) fn place(&self) -> Option<Url> {
        Console::place_of(&self.access.address()?)
    }

    /// The id that the program has given it.
    pub(crate) fn id(&self) -> Option<ServerId> {
        self.config.server
    }

    pub(crate) fn into_parts(mut self) -> (Arc<dyn Access>, Config) {
        self.config.label = self.label.or(self.config.label);
        (self.access, self.config)
    }
}

impl From<ConsoleAccess> for SelfHosted {
    fn from(access: ConsoleAccess) -> Self {
        Self::new(access)
    }
}

impl From<TokenFile> for SelfHosted {
    fn from(file: TokenFile) -> Self {
        Self::new(file)
    }
}

impl fmt::Debug for SelfHosted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SelfHosted")
            .field("label", &self.label)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_stays_whatever_configuration_comes_after_it() {
        let label = |server: SelfHosted| server.into_parts().1.label;
        let server = || {
            let url = "ws://127.0.0.1:1760".parse().unwrap();
            SelfHosted::new(ConsoleAccess::new(url, "abc".to_owned()))
        };
        let config = || Config::default().label("by the configuration");
        let own = Some("own".to_owned());
        assert_eq!(label(server().label("own").config(config())), own);
        assert_eq!(label(server().config(config()).label("own")), own);
        let by_the_configuration = Some("by the configuration".to_owned());
        assert_eq!(label(server().config(config())), by_the_configuration);
    }
}
