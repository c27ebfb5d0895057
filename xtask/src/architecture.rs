//! `cargo xtask architecture`: the diagram and the table of `docs/architecture.md`, generated from `cargo metadata`.

use crate::{Error, metadata, root};
use cargo_metadata::{DependencyKind, Metadata, Package};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

const BEGIN: &str = "<!-- begin: written by `cargo xtask architecture` -->\n";
const END: &str = "<!-- end -->\n";

/// The crates of `crates/`, each with its dependencies among them, and the feature that enables each dependency, if one is
/// needed.
type Graph = BTreeMap<String, BTreeMap<String, Option<String>>>;

/// Writes the generated part of the page, or fails if it is out of date. Fails also if a crate has no paragraph, or a paragraph
/// no crate.
pub(crate) fn run(check: bool) -> Result<(), Error> {
    let graph = graph(&metadata()?)?;
    let old = fs::read_to_string(file())?;
    let new = replace(&old, &generated(&graph))?;
    paragraphs(&new, &graph)?;
    if !check {
        fs::write(file(), new)?;
    } else if old != new {
        return Err(
            "docs/architecture.md is out of date: run `cargo xtask architecture`, and read the text around the table".into(),
        );
    }
    Ok(())
}

fn file() -> PathBuf {
    root().join("docs/architecture.md")
}

fn graph(metadata: &Metadata) -> Result<Graph, Error> {
    let crates = root().join("crates");
    let published: Vec<&Package> = metadata
        .workspace_packages()
        .into_iter()
        .filter(|package| package.manifest_path.starts_with(&crates))
        .collect();
    let names: BTreeSet<&str> = published
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let mut graph = Graph::new();
    for package in published {
        let edges = graph.entry(package.name.to_string()).or_default();
        for dependency in &package.dependencies {
            if dependency.kind == DependencyKind::Normal && names.contains(&*dependency.name) {
                let feature = if dependency.optional {
                    Some(feature_of(package, &dependency.name)?)
                } else {
                    None
                };
                edges.insert(dependency.name.clone(), feature);
            }
        }
    }
    Ok(graph)
}

/// The features of the package that enable this dependency by themselves.
fn feature_of(package: &Package, dependency: &str) -> Result<String, Error> {
    let switch = format!("dep:{dependency}");
    let features: Vec<&str> = package
        .features
        .iter()
        .filter(|(_, on)| on.contains(&switch))
        .map(|(name, _)| name.as_str())
        .collect();
    if features.is_empty() {
        let name = &package.name;
        return Err(format!("no feature of {name} enables {dependency}").into());
    }
    Ok(features.join(" or "))
}

fn generated(graph: &Graph) -> String {
    let mut text = "```mermaid\ngraph TD\n".to_owned();
    for (from, edges) in graph {
        for (to, feature) in edges {
            match feature {
                Some(feature) => writeln!(text, "    {from} -. {feature} .-> {to}"),
                None if is_implied(graph, from, to) => Ok(()),
                None => writeln!(text, "    {from} --> {to}"),
            }
            .unwrap_or_default();
        }
    }
    text.push_str("```\n\n| crate | depends on |\n| --- | --- |\n");
    let mut names: Vec<&String> = graph.keys().collect();
    names.sort_by_key(|name| (height(graph, name), *name));
    for name in names {
        let edges: Vec<String> = graph[name]
            .iter()
            .map(|(to, feature)| match feature {
                Some(feature) => format!("`{to}` with `{feature}`"),
                None => format!("`{to}`"),
            })
            .collect();
        let edges = edges.join(", ");
        let space = if edges.is_empty() { "" } else { " " };
        writeln!(text, "| `{name}` |{space}{edges} |").unwrap_or_default();
    }
    text
}

/// The length of the longest path from the crate down.
fn height(graph: &Graph, name: &str) -> usize {
    let below = graph[name].keys().map(|to| height(graph, to) + 1);
    below.max().unwrap_or(0)
}

/// Returns whether another dependency includes this one.
fn is_implied(graph: &Graph, from: &str, to: &str) -> bool {
    let always = |name: &str| {
        let edges = graph[name].iter();
        let edges = edges.filter(|(_, feature)| feature.is_none());
        edges.map(|(to, _)| to.clone()).collect::<Vec<_>>()
    };
    let mut open: Vec<String> = always(from);
    open.retain(|name| name != to);
    while let Some(name) = open.pop() {
        let edges = always(&name);
        if edges.iter().any(|name| name == to) {
            return true;
        }
        open.extend(edges);
    }
    false
}

fn replace(page: &str, generated: &str) -> Result<String, Error> {
    let parts = page.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) = parts.ok_or("docs/architecture.md has no marks of the generated part")?;
    Ok(format!("{before}{BEGIN}\n{generated}\n{END}{after}"))
}

/// Compares the crates with the paragraphs, which begin with the crate's name in bold.
fn paragraphs(page: &str, graph: &Graph) -> Result<(), Error> {
    let described: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("**")?.split_once("**"))
        .map(|(name, _)| name)
        .collect();
    let crates: BTreeSet<&str> = graph.keys().map(String::as_str).collect();
    let wrong: Vec<_> = described.symmetric_difference(&crates).collect();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "docs/architecture.md: a crate without a paragraph, or a paragraph without a crate: {wrong:?}"
        )
        .into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Graph {
        let edges = |list: &[(&str, Option<&str>)]| {
            list.iter()
                .map(|(to, feature)| ((*to).to_owned(), feature.map(str::to_owned)))
                .collect()
        };
        [
            ("model", edges(&[])),
            ("http", edges(&[("model", None)])),
            ("auth", edges(&[("http", Some("login")), ("model", None)])),
            (
                "rest",
                edges(&[("auth", None), ("http", None), ("model", None)]),
            ),
        ]
        .map(|(name, edges)| (name.to_owned(), edges))
        .into()
    }

    #[test]
    fn the_diagram_omits_implied_edges_and_the_table_has_every_edge() {
        let text = generated(&example());
        for line in [
            "    auth -. login .-> http\n",
            "    rest --> auth\n",
            // `auth` includes it with `login` only.
            "    rest --> http\n",
            "| `model` | |\n",
            "| `auth` | `http` with `login`, `model` |\n",
            "| `rest` | `auth`, `http`, `model` |\n",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("rest --> model"), "{text}");
    }

    #[test]
    fn a_page_with_other_edges_or_crates_is_found() {
        let graph = example();
        let body: String = graph
            .keys()
            .flat_map(|name| ["**", name, "** is one.\n"])
            .collect();
        let page = format!("# Page\n{BEGIN}old\n{END}\n{body}");
        let page = replace(&page, &generated(&graph)).unwrap();
        paragraphs(&page, &graph).unwrap();
        assert_eq!(replace(&page, &generated(&graph)).unwrap(), page);

        let mut more = graph.clone();
        more.entry("kit".to_owned())
            .or_default()
            .insert("model".to_owned(), None);
        assert_ne!(replace(&page, &generated(&more)).unwrap(), page);
        let missing = paragraphs(&page, &more).unwrap_err().to_string();
        assert!(missing.contains("kit"), "{missing}");
        let mut fewer = graph;
        fewer.remove("rest");
        assert!(paragraphs(&page, &fewer).is_err());
        assert!(replace("no marks", "").is_err());
    }

    #[test]
    fn the_page_is_current() {
        run(true).unwrap();
    }
}
