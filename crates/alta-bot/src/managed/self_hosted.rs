use att_console::{Access, Config, ConsoleAccess, TokenFile};
use std::fmt;
use std::sync::Arc;

/// A self-hosted server: how its console is reached, and how it is called.
#[derive(Clone)]
pub struct SelfHosted {
    access: Arc<dyn Access>,
    config: Config,
}

impl SelfHosted {
    /// A server whose console is reached this way: by a [`ConsoleAccess`] with its token, or by a [`TokenFile`].
    pub fn new(access: impl Access) -> Self {
        Self {
            access: Arc::new(access),
            config: Config::default(),
        }
    }

    /// With this name in errors, logs and health snapshots.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.config = self.config.label(label);
        self
    }

    /// With another configuration of its console. Set the label after it.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    pub(crate) fn into_parts(self) -> (Arc<dyn Access>, Config) {
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
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
