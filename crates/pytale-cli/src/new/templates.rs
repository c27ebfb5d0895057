//! The files of a project. They are texts with placeholders such as `{{name}}`, in the folder `templates` of this package.

use clap::ValueEnum;

/// The servers of the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    SelfHosted,
    Cloud,
}

/// The bot to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Template {
    /// Welcomes players who join.
    Welcome,
    /// Tells players in caves their depth.
    Caves,
    /// Offers a command to the users of a console.
    Commands,
}

macro_rules! template {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/", $path))
    };
}

/// The path of each file, with `/`, and its text.
pub(super) fn files(
    kind: Kind,
    template: Template,
    name: &str,
    dependency: &str,
) -> Vec<(&'static str, String)> {
    let (features, ignore, readme, main, support) = match kind {
        Kind::SelfHosted => (
            "default-features = false, features = [\"kit\"]",
            template!("self-hosted/gitignore"),
            template!("self-hosted/README.md"),
            template!("self-hosted/main.rs"),
            template!("self-hosted/support.rs"),
        ),
        Kind::Cloud => (
            "features = [\"bot\", \"hyper\"]",
            template!("cloud/gitignore"),
            template!("cloud/README.md"),
            template!("cloud/main.rs"),
            template!("cloud/support.rs"),
        ),
    };
    let (bot, test) = match template {
        Template::Welcome => (template!("welcome/lib.rs"), template!("welcome/bot.rs")),
        Template::Caves => (template!("caves/lib.rs"), template!("caves/bot.rs")),
        Template::Commands => (template!("commands/lib.rs"), template!("commands/bot.rs")),
    };
    // The crate of the project, which is an identifier.
    let crate_name = name.replace('-', "_");
    let fill = |text: &str| {
        text.replace("{{pytale}}", dependency)
            .replace("{{features}}", features)
            .replace("{{crate}}", &crate_name)
            .replace("{{name}}", name)
    };
    [
        ("Cargo.toml", template!("Cargo.toml.in")),
        (".gitignore", ignore),
        ("README.md", readme),
        ("src/lib.rs", bot),
        ("src/main.rs", main),
        ("tests/bot.rs", test),
        ("tests/support/mod.rs", support),
    ]
    .map(|(path, text)| (path, fill(text)))
    .into()
}
