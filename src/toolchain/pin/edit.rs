//! Writing a pin into the text of a file: what else stands there stays as it is, in its order. Pure.

use super::files;
use std::ops::Range;
use toml::Spanned;
use toml::de::DeTable;

/// The names of files that a pin can be written to; the first is what a new project gets.
pub const FILES: &[&str] = &[
    ".go-version",
    "gosteady.toml",
    ".tool-versions",
    "mise.toml",
    ".mise.toml",
];

/// The text of the file called `name` with the version in it, e.g. `1.26.6`; `text` is empty where there is no file yet.
///
/// # Errors
/// A text that can't be changed without touching more than the version, as a clause.
pub fn pinned(name: &str, text: &str, version: &str) -> Result<String, String> {
    let changed = match name {
        ".go-version" => go_version(text, version),
        ".tool-versions" => tool_versions(text, version),
        "gosteady.toml" => toml(text, "go", &["version"], version)?,
        "mise.toml" | ".mise.toml" => toml(text, "tools", files::MISE_NAMES, version)?,
        _ => return Err("is not a file that pins Go".into()),
    };
    // Whatever happened above, the file must say what was asked for.
    if said(name, &changed).as_deref() == Some(version) {
        Ok(changed)
    } else {
        Err("has a form that can't be changed safely; write the version by hand".into())
    }
}

fn said(name: &str, text: &str) -> Option<String> {
    if name == "gosteady.toml" {
        let table = DeTable::parse(text).ok()?;
        let go = table.get_ref().get("go")?.get_ref().as_table()?;
        return Some(go.get("version")?.get_ref().as_str()?.to_string());
    }
    let kind = files::KINDS.iter().find(|kind| kind.name == name)?;
    (kind.read)(text).ok().flatten().map(|(_, text)| text)
}

fn go_version(text: &str, version: &str) -> String {
    match files::go_version(text) {
        Ok(Some((line, old))) => in_line(text, line, &old, version),
        _ => format!("{}{version}\n", with_newline(text)),
    }
}

fn tool_versions(text: &str, version: &str) -> String {
    match files::tool_versions(text) {
        Ok(Some((line, old))) => in_line(text, line, &old, version),
        _ => format!("{}golang {version}\n", with_newline(text)),
    }
}

// Replaces the first place of the line where `old` stands as a word of its own.
fn in_line(text: &str, line: usize, old: &str, new: &str) -> String {
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let row = &text[start..];
    let is_word = |at: usize| {
        let before = row[..at].chars().next_back();
        let after = row[at + old.len()..].chars().next();
        before.is_none_or(|c| c.is_whitespace() || c == '\u{feff}')
            && after.is_none_or(|c| c.is_whitespace() || c == '#')
    };
    match row.match_indices(old).map(|(at, _)| at).find(|at| is_word(*at)) {
        Some(at) => replaced(text, start + at..start + at + old.len(), new),
        None => text.to_string(),
    }
}

fn toml(text: &str, table: &str, keys: &[&str], version: &str) -> Result<String, String> {
    let parsed = DeTable::parse(text).map_err(|e| format!("is not TOML: {}", e.message()))?;
    let key = keys[0];
    let entry = parsed.get_ref().get(table).map(Spanned::get_ref);
    let Some(entry) = entry else {
        let blank = if text.trim().is_empty() { "" } else { "\n" };
        return Ok(format!(
            "{}{blank}[{table}]\n{key} = \"{version}\"\n",
            with_newline(text)
        ));
    };
    let entry = entry
        .as_table()
        .ok_or_else(|| format!("has no table `{table}`"))?;
    if let Some(old) = keys.iter().find_map(|key| entry.get(*key)) {
        let old = files::version_text(old).ok_or("has no version as a text")?;
        return Ok(replaced(text, old.span(), &format!("\"{version}\"")));
    }
    // Behind the header, or, where the table is made of dotted keys, before them.
    let header = format!("[{table}]");
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        let code = line.split('#').next().unwrap_or_default();
        if code.split_whitespace().collect::<String>() == header {
            let newline = if line.ends_with('\n') { "" } else { "\n" };
            return Ok(replaced(
                text,
                at..at,
                &format!("{newline}{key} = \"{version}\"\n"),
            ));
        }
    }
    Ok(format!("{table}.{key} = \"{version}\"\n{text}"))
}

fn replaced(text: &str, span: Range<usize>, new: &str) -> String {
    format!("{}{new}{}", &text[..span.start], &text[span.end..])
}

fn with_newline(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') {
        text.to_string()
    } else {
        format!("{text}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_but_the_version_changes() {
        for (name, before, after) in [
            (".go-version", "", "1.26.6\n"),
            (".go-version", "1.22.1", "1.26.6"),
            (
                ".go-version",
                "# 1.22.1 is old\r\n  1.22.1 # 1.22.1\r\n",
                "# 1.22.1 is old\r\n  1.26.6 # 1.22.1\r\n",
            ),
            (".go-version", "# empty", "# empty\n1.26.6\n"),
            (
                ".tool-versions",
                "nodejs 20\ngolang  1.22.1 1.21 # c\npython 3\n",
                "nodejs 20\ngolang  1.26.6 1.21 # c\npython 3\n",
            ),
            (".tool-versions", "nodejs 20", "nodejs 20\ngolang 1.26.6\n"),
            (".tool-versions", "go go1.22\n", "go 1.26.6\n"),
            ("gosteady.toml", "", "[go]\nversion = \"1.26.6\"\n"),
            (
                "gosteady.toml",
                "# ours\npatience = \"2m\"",
                "# ours\npatience = \"2m\"\n\n[go]\nversion = \"1.26.6\"\n",
            ),
            (
                "gosteady.toml",
                "[go] # why\nversion = '1.22.1' # here\n[pin]\nenforce = \"refuse\"\n",
                "[go] # why\nversion = \"1.26.6\" # here\n[pin]\nenforce = \"refuse\"\n",
            ),
            (
                "gosteady.toml",
                "go.version = \"1\"\n",
                "go.version = \"1.26.6\"\n",
            ),
            (
                "mise.toml",
                "[tools]\nnode = \"20\"\n[env]\nA = \"1\"\n",
                "[tools]\ngo = \"1.26.6\"\nnode = \"20\"\n[env]\nA = \"1\"\n",
            ),
            ("mise.toml", "[tools]", "[tools]\ngo = \"1.26.6\"\n"),
            (
                "mise.toml",
                "tools.node = \"20\"\n",
                "tools.go = \"1.26.6\"\ntools.node = \"20\"\n",
            ),
            (
                ".mise.toml",
                "[tools]\ngo = [\"1.22\", \"1.21\"]\n",
                "[tools]\ngo = [\"1.26.6\", \"1.21\"]\n",
            ),
            (
                "mise.toml",
                "[tools.go]\nos = [\"linux\"]\nversion = \"1.22\"\n",
                "[tools.go]\nos = [\"linux\"]\nversion = \"1.26.6\"\n",
            ),
        ] {
            assert_eq!(
                pinned(name, before, "1.26.6").as_deref(),
                Ok(after),
                "{name}: {before:?}"
            );
        }
    }

    #[test]
    fn what_is_left_alone() {
        for (name, text) in [
            ("gosteady.toml", "[go\n"),
            ("gosteady.toml", "go = 1\n"),
            ("gosteady.toml", "[go]\nversion = 1\n"),
            ("mise.toml", "tools = { node = \"20\" }\n"),
            ("go.mod", ""),
        ] {
            assert!(pinned(name, text, "1.26.6").is_err(), "{name}: {text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_file_says_what_was_asked_for(
            text in "(?s)(golang|go|tools|version|\\[go\\]|\\[tools\\]|[ =\"#\\n.0-9a-z]){0,30}"
        ) {
            for name in FILES {
                if let Ok(changed) = pinned(name, &text, "1.26.6") {
                    prop_assert_eq!(said(name, &changed), Some("1.26.6".to_string()));
                    prop_assert_eq!(pinned(name, &changed, "1.26.6"), Ok(changed.clone()));
                }
            }
        }
    }
}
