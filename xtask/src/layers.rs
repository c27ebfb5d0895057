//! The allowed dependencies between our crates, and the third-party crates that a crate must not build.
//!
//! Both are promises to bot authors: a bot builds only what it names. `docs/architecture.md` shows the actual dependencies.

#![cfg(test)]

use cargo_metadata::{DependencyKind, Metadata, Package};
use std::collections::BTreeSet;

/// The edges that are allowed between our crates.
const EDGES: &[(&str, &[&str])] = &[
    ("alta-model", &[]),
    ("alta-dial", &[]),
    ("alta-http", &["alta-dial", "alta-model"]),
    ("alta-socket", &["alta-dial", "alta-model"]),
    ("alta-auth", &["alta-model", "alta-http"]),
    ("alta-rest", &["alta-model", "alta-http", "alta-auth"]),
    ("alta-ws", &["alta-model", "alta-socket", "alta-auth"]),
    ("att-console", &["alta-model", "alta-dial", "alta-socket"]),
    ("att-kit", &["alta-model", "att-console"]),
    ("alta-bot", BELOW_BOT),
    (
        "pytale",
        &[
            "alta-model",
            "alta-dial",
            "alta-http",
            "alta-socket",
            "alta-auth",
            "alta-rest",
            "alta-ws",
            "att-console",
            "att-kit",
            "alta-bot",
            "alta-sim",
        ],
    ),
    ("alta-cloud", &[]),
    ("alta-sim", &["alta-cloud"]),
    ("pytale-cli", &["pytale", "alta-cloud"]),
    ("xtask", XTASK),
    ("yardstick", YARDSTICK),
];

const BELOW_BOT: &[&str] = &[
    "alta-model",
    "alta-dial",
    "alta-http",
    "alta-socket",
    "alta-auth",
    "alta-rest",
    "alta-ws",
    "att-console",
    "att-kit",
];

/// xtask replays fixtures to the clients.
const XTASK: &[&str] = &[
    "alta-model",
    "alta-http",
    "alta-auth",
    "alta-rest",
    "alta-ws",
    "att-console",
];

/// The benchmarks measure the clients.
const YARDSTICK: &[&str] = &[
    "alta-model",
    "alta-http",
    "alta-auth",
    "alta-cloud",
    "alta-rest",
    "alta-ws",
    "att-console",
    "att-kit",
];

/// Edges that exist only with a feature: from, to, feature.
const OPTIONAL: &[(&str, &str, &str)] = &[
    ("alta-auth", "alta-http", "login"),
    ("pytale", "alta-sim", "testing"),
];

/// Edges that must not enable a feature: from, to, feature. The default features must be off too.
const WITHOUT: &[(&str, &str, &str)] = &[("alta-ws", "alta-auth", "login")];

/// One dependency between two of our crates.
#[derive(Clone, Debug)]
struct Edge {
    from: String,
    to: String,
    is_dev: bool,
    is_optional: bool,
    uses_default_features: bool,
    features: Vec<String>,
}

fn edges(metadata: &Metadata) -> Vec<Edge> {
    let ours: BTreeSet<String> = metadata
        .workspace_packages()
        .iter()
        .map(|package| package.name.to_string())
        .collect();
    let of = |package: &Package| {
        let from = package.name.to_string();
        package
            .dependencies
            .iter()
            .filter(|dependency| ours.contains(&dependency.name))
            .map(|dependency| Edge {
                from: from.clone(),
                to: dependency.name.clone(),
                is_dev: dependency.kind == DependencyKind::Development,
                is_optional: dependency.optional,
                uses_default_features: dependency.uses_default_features,
                features: dependency.features.clone(),
            })
            .collect::<Vec<_>>()
    };
    metadata
        .workspace_packages()
        .into_iter()
        .flat_map(of)
        .collect()
}

fn problems(edges: &[Edge]) -> Vec<String> {
    edges.iter().filter_map(problem).collect()
}

fn problem(edge: &Edge) -> Option<String> {
    let Edge { from, to, .. } = edge;
    let allowed = EDGES
        .iter()
        .find(|(name, _)| name == from)
        .map(|(_, to)| *to);
    let Some(allowed) = allowed else {
        return Some(format!("{from} has no row in the table of edges"));
    };
    if edge.is_dev {
        // A crate may depend on itself, for a feature that only its tests use.
        let free = from == to || (to == "alta-sim" && from != "alta-sim");
        return (!free && !allowed.contains(&to.as_str())).then(|| {
            format!(
                "{from} dev-depends on {to}; tests may use only alta-sim, and alta-sim none of ours"
            )
        });
    }
    if !allowed.contains(&to.as_str()) {
        return Some(format!(
            "{from} depends on {to}, which no row of the table allows"
        ));
    }
    if let Some((.., feature)) = OPTIONAL.iter().find(|(f, t, _)| f == from && t == to)
        && !edge.is_optional
    {
        return Some(format!(
            "{from} depends on {to} without its feature `{feature}`"
        ));
    }
    if let Some((.., feature)) = WITHOUT.iter().find(|(f, t, _)| f == from && t == to)
        && (edge.uses_default_features
            || edge
                .features
                .iter()
                .any(|name| name == feature || name == "default"))
    {
        return Some(format!("{from} enables the feature `{feature}` of {to}"));
    }
    None
}

/// Crates that a crate must not build.
struct Ban {
    package: &'static str,
    flags: &'static [&'static str],
    banned: &'static [&'static str],
    reason: &'static str,
}

const HTTP_STACK: &[&str] = &[
    "alta-http",
    "hyper",
    "hyper-util",
    "hyper-rustls",
    "reqwest",
    "tower",
    "tower-http",
];
const HYPER_AND_TLS: &[&str] = &[
    "hyper",
    "hyper-util",
    "hyper-rustls",
    "rustls",
    "tokio-rustls",
    "ring",
];
const RUNTIME: &[&str] = &[
    "tokio",
    "mio",
    "async-std",
    "smol",
    "hyper",
    "rustls",
    "tungstenite",
];

const BANS: &[Ban] = &[
    Ban {
        package: "alta-model",
        flags: &[],
        banned: RUNTIME,
        reason: "the models are for any program, with and without a runtime",
    },
    Ban {
        package: "att-console",
        flags: &[],
        banned: HTTP_STACK,
        reason: "a bot on a self-hosted server needs no HTTP",
    },
    Ban {
        package: "att-console",
        flags: &[],
        banned: &["rustls", "ring", "alta-auth"],
        reason: "without the feature `tls`, a console needs no TLS, and never a login",
    },
    Ban {
        package: "pytale",
        flags: &["--no-default-features", "--features", "kit"],
        banned: SELF_HOSTED,
        reason: "handlers on self-hosted servers need no REST, no login and no main websocket",
    },
    Ban {
        package: "alta-ws",
        flags: &[],
        banned: HTTP_STACK,
        reason: "with a given token, the main websocket needs no HTTP client",
    },
    Ban {
        package: "alta-auth",
        flags: &["--no-default-features"],
        banned: HTTP_STACK,
        reason: "without `login`, tokens and claims are pure data",
    },
    Ban {
        package: "alta-rest",
        flags: &["--no-default-features"],
        banned: HYPER_AND_TLS,
        reason: "a program with its own HTTP client does not build ours",
    },
    Ban {
        package: "alta-http",
        flags: &["--no-default-features"],
        banned: HYPER_AND_TLS,
        reason: "a program with its own HTTP client does not build ours",
    },
];

/// Crates that handlers on self-hosted servers do not need.
const SELF_HOSTED: &[&str] = &[
    "alta-http",
    "alta-auth",
    "alta-rest",
    "alta-ws",
    "alta-bot",
    "hyper",
    "tower",
    "rustls",
    "ring",
];

/// Everything a crate builds, by `cargo tree`.
fn built_by(package: &str, flags: &[&str]) -> BTreeSet<String> {
    let output = crate::cargo()
        .args([
            "tree",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
            "--package",
            package,
        ])
        .args(flags)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn our_crates_have_only_the_allowed_dependencies() {
    let problems = problems(&edges(&crate::metadata().unwrap()));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_table_has_a_row_for_each_crate_and_no_other() {
    let metadata = crate::metadata().unwrap();
    let packages = metadata.workspace_packages();
    let crates: BTreeSet<&str> = packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let rows: BTreeSet<&str> = EDGES
        .iter()
        .flat_map(|(name, to)| to.iter().chain([name]))
        .copied()
        .collect();
    assert_eq!(rows, crates);
}

#[test]
fn no_crate_builds_a_banned_crate() {
    let ours = crate::metadata().unwrap();
    for ban in BANS {
        assert!(
            ours.workspace_packages()
                .iter()
                .any(|package| *package.name == *ban.package),
            "{} does not exist",
            ban.package
        );
        let built = built_by(ban.package, ban.flags);
        assert!(
            built.contains(ban.package),
            "cargo tree does not list {}",
            ban.package
        );
        let found: Vec<_> = ban
            .banned
            .iter()
            .filter(|name| built.contains(**name))
            .collect();
        assert!(
            found.is_empty(),
            "{} {} builds {found:?}: {}; `cargo tree -p {} {} -i NAME` shows the path",
            ban.package,
            ban.flags.join(" "),
            ban.reason,
            ban.package,
            ban.flags.join(" "),
        );
    }
}

#[test]
fn a_forbidden_edge_is_found() {
    let good = Edge {
        from: "alta-ws".to_owned(),
        to: "alta-auth".to_owned(),
        is_dev: false,
        is_optional: false,
        uses_default_features: false,
        features: Vec::new(),
    };
    let edge = |from: &str, to: &str| Edge {
        from: from.to_owned(),
        to: to.to_owned(),
        ..good.clone()
    };
    let dev = |from: &str, to: &str| Edge {
        is_dev: true,
        ..edge(from, to)
    };
    assert!(
        problems(&[
            good.clone(),
            edge("alta-bot", "att-console"),
            dev("alta-ws", "alta-sim")
        ])
        .is_empty()
    );

    for wrong in [
        edge("att-console", "alta-http"),
        edge("alta-model", "alta-sim"),
        edge("alta-auth", "alta-http"),
        edge("alta-newcomer", "alta-model"),
        dev("alta-sim", "alta-model"),
        dev("att-console", "alta-rest"),
        Edge {
            features: vec!["login".to_owned()],
            ..good.clone()
        },
        Edge {
            uses_default_features: true,
            ..good
        },
    ] {
        assert_eq!(problems(std::slice::from_ref(&wrong)).len(), 1, "{wrong:?}");
    }
}
