//! The tables in `docs/` are made of the tables in the code; these tests fail when the two differ.
//! `GOSTEADY_BLESS=1 cargo test docs` writes them anew.

use super::key::Key;
use super::keys::KEYS;
use super::settings::Settings;
use crate::world::{VARIABLES, World};
use std::path::Path;

/// Compares the part of a page between `<!-- NAME:begin … -->` and `<!-- NAME:end -->` with what it should be.
fn agree(page: &str, name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    let text = std::fs::read_to_string(&path).unwrap();
    let begin = text.find(&format!("<!-- {name}:begin")).unwrap();
    let begin = begin + text[begin..].find("-->\n").unwrap() + "-->\n".len();
    let end = text.find(&format!("<!-- {name}:end -->")).unwrap();
    if text[begin..end] == *expected {
        return;
    }
    let bless = World::capture(Vec::new()).set_var("GOSTEADY_BLESS").is_some();
    assert!(
        bless,
        "docs/{page} differs from the code; run GOSTEADY_BLESS=1 cargo test docs"
    );
    std::fs::write(&path, format!("{}{expected}{}", &text[..begin], &text[end..])).unwrap();
}

/// A text fit for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn is_setting(variable: &str) -> bool {
    let named = |key: &Key| key.variable == variable || key.short == Some(variable);
    KEYS.iter().any(named)
}

#[test]
fn docs_of_every_key() {
    let defaults = Settings::default();
    let mut table = String::from(
        "| key | default | holds | variable | in a project's file |\n| --- | --- | --- | --- | --- |\n",
    );
    for key in KEYS {
        table += &format!(
            "| `{}` | `{}` | {} | `{}` | {} |\n",
            key.path,
            key.show(&defaults),
            cell(&key.kind.describe()),
            key.preferred_variable(),
            key.project.word(),
        );
    }
    agree("configuration.md", "keys", &table);
    let meanings: String = KEYS
        .iter()
        .map(|k| format!("- **`{}`**: {}.\n", k.path, k.doc))
        .collect();
    agree("configuration.md", "meanings", &meanings);
}

#[test]
fn docs_of_every_variable() {
    let mut table = String::from("| variable | meaning |\n| --- | --- |\n");
    for (name, doc) in VARIABLES.iter().filter(|(name, _)| !is_setting(name)) {
        table += &format!("| `{name}` | {} |\n", cell(doc));
    }
    agree("environment.md", "variables", &table);
    let mut table = String::from("| variable | also as | setting | default |\n| --- | --- | --- | --- |\n");
    let defaults = Settings::default();
    for key in KEYS {
        let also = key
            .short
            .map(|_| format!("`{}`", key.variable))
            .unwrap_or_default();
        let (name, path) = (key.preferred_variable(), key.path);
        table += &format!("| `{name}` | {also} | `{path}` | `{}` |\n", key.show(&defaults));
    }
    agree("environment.md", "settings", &table);
}
