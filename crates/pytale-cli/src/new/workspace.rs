//! The workspace of another project, in whose folder a new project is made.
//!
//! Cargo refuses to build a package inside the folder of a workspace that does not have it as a member.

use crate::failure::Failure;
use std::fs;
use std::path::{Path, PathBuf};

/// The end of the manifest of a project that is no member of the workspace above it.
pub(super) const OWN: &str = "
# The project does not belong to the workspace in a folder above.
[workspace]
";

/// The manifest of the nearest workspace in a folder above, unless the project is a member of it, or excluded.
pub(super) fn above(project: &Path) -> Result<Option<PathBuf>, Failure> {
    let project = std::path::absolute(project)
        .map_err(|error| Failure::io("finding the current folder", &error))?;
    let found = project.ancestors().skip(1).find_map(|folder| {
        let manifest = folder.join("Cargo.toml");
        let text = fs::read_to_string(&manifest).ok()?;
        let table: toml::Table = text.parse().ok()?;
        let workspace = table.get("workspace")?.as_table()?.clone();
        Some((folder, manifest, workspace))
    });
    let Some((folder, manifest, workspace)) = found else {
        return Ok(None);
    };
    let Ok(path) = project.strip_prefix(folder) else {
        return Ok(None);
    };
    let listed = |key: &str| {
        let patterns = workspace.get(key).and_then(toml::Value::as_array);
        let mut patterns = patterns
            .into_iter()
            .flatten()
            .filter_map(toml::Value::as_str);
        patterns.any(|pattern| matches(Path::new(pattern), path))
    };
    Ok((!listed("members") && !listed("exclude")).then_some(manifest))
}

/// Returns whether the path is the one of the pattern, in which `*` stands for any text of one name.
fn matches(pattern: &Path, path: &Path) -> bool {
    let texts = |path: &Path| {
        let parts = path.components();
        let parts = parts.filter(|part| *part != std::path::Component::CurDir);
        let text = |part: std::path::Component<'_>| part.as_os_str().to_string_lossy().into_owned();
        parts.map(text).collect::<Vec<_>>()
    };
    let (pattern, path) = (texts(pattern), texts(path));
    let mut pairs = pattern.iter().zip(&path);
    pattern.len() == path.len() && pairs.all(|(pattern, name)| is_like(pattern, name))
}

fn is_like(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => {
            let rest = name.strip_prefix(start);
            rest.is_some_and(|rest| rest.ends_with(end))
        }
        None => pattern == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_above_counts_unless_the_project_is_its_member() {
        for (manifest, is_foreign) in [
            ("[workspace]\nmembers = ['tools']", true),
            ("[workspace]\nmembers = ['bots/*']", false),
            ("[workspace]\nmembers = ['./bots/harbor*']", false),
            ("[workspace]\nmembers = ['*']", true),
            ("[workspace]\nexclude = ['bots/harbor']", false),
            ("[package]\nname = 'above'", false),
            ("not a manifest", false),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("Cargo.toml");
            fs::write(&path, manifest).unwrap();
            let found = above(&folder.path().join("bots/harbor")).unwrap();
            // A developer's temporary folder is in no workspace.
            assert_eq!(found, is_foreign.then_some(path), "{manifest}");
        }
    }
}
