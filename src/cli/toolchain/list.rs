//! `gosteady toolchain list`.

use crate::cli::which;
use crate::config::goenv::GoEnv;
use crate::outcome::{Code, Outcome};
use crate::repair::cache::size;
use crate::toolchain::installed::{self, Installed};
use crate::ui::table::{Cell, columns};
use crate::ui::words::plain;
use crate::ui::{self, Stream, Style};
use crate::world::World;
use std::path::Path;

pub(super) fn run(json: bool, world: &World) -> Outcome {
    let answer = which::ask(world, "go");
    let env = GoEnv::read(world, answer.path.as_deref().unwrap_or(Path::new("")));
    let mut all = installed::all(world, &env);
    all.sort_by(|a, b| b.version.cmp(&a.version));
    let here = answer
        .root
        .as_deref()
        .and_then(|root| std::fs::canonicalize(root).ok());
    let runs = |found: &Installed| {
        here.is_some() && std::fs::canonicalize(&found.root).ok().as_deref() == here.as_deref()
    };
    if json {
        let list: Vec<_> = all
            .iter()
            .map(|found| {
                serde_json::json!({
                    "version": found.version.toolchain_name(),
                    "from": found.from,
                    "goroot": found.root.to_string_lossy(),
                    "bytes": bytes(&found.root),
                    "runs_here": runs(found),
                })
            })
            .collect();
        ui::out(&ui::json(&serde_json::json!({ "toolchains": list })));
    } else if all.is_empty() {
        ui::out("no Go toolchain was found\n");
    } else {
        let style = Style::of(world, Stream::Out);
        let heading = |text: &str| Cell::styled(text, |t| style.bold(t));
        let mut rows = vec![["VERSION", "FROM", "SIZE", "GOROOT"].map(heading).to_vec()];
        rows.extend(all.iter().map(|found| {
            let mark = if runs(found) { " (runs here)" } else { "" };
            vec![
                Cell::styled(found.version.to_string(), |t| style.cyan(t)),
                found.from.into(),
                format!("{} MiB", bytes(&found.root) >> 20).into(),
                format!("{}{mark}", plain(&found.root.to_string_lossy())).into(),
            ]
        }));
        ui::out(&columns(&rows));
    }
    Outcome::Ours(Code::Ok)
}

/// What the files of a toolchain hold, also where a link leads to it.
fn bytes(root: &Path) -> u64 {
    let tree = std::fs::canonicalize(root);
    size::below(tree.as_deref().unwrap_or(root)).bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linked_tree_has_the_size_of_what_it_links_to() {
        let dir = tempfile::tempdir().unwrap();
        let (tree, link) = (dir.path().join("tree"), dir.path().join("link"));
        std::fs::create_dir(&tree).unwrap();
        std::fs::write(tree.join("go"), "12345").unwrap();
        std::os::unix::fs::symlink(&tree, &link).unwrap();
        assert_eq!((bytes(&tree), bytes(&link)), (5, 5));
    }
}
