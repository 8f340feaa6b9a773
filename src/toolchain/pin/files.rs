//! The files of version managers that say which Go to run: texts in, statements out.

use crate::config::origin::line_column;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A statement in a file: its line, 1-based, and what it says.
pub type Statement = (usize, String);

/// What a file says about Go.
pub type Said = Result<Option<Statement>, Fault>;

/// A file that can't be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// 1-based.
    pub line: usize,
    /// Why, as a clause.
    pub why: String,
}

/// A kind of file: its name and how it is read.
pub struct Kind {
    /// Its name, which is the name of the rule too.
    pub name: &'static str,
    /// Its reader.
    pub read: fn(&str) -> Said,
}

/// What Go is called in `mise.toml`, the name that is written first.
pub(super) const MISE_NAMES: &[&str] = &["go", "golang", "core:go"];

/// The files that are looked for in every directory, the one that counts most first. `gosteady.toml` stands before them.
pub const KINDS: &[Kind] = &[
    Kind {
        name: ".go-version",
        read: go_version,
    },
    Kind {
        name: ".tool-versions",
        read: tool_versions,
    },
    Kind {
        name: "mise.toml",
        read: mise,
    },
    Kind {
        name: ".mise.toml",
        read: mise,
    },
];

/// `.go-version` of goenv, gvm and others: the first word that is no comment.
///
/// # Errors
/// A file without one.
pub fn go_version(text: &str) -> Said {
    for (line, fields) in lines(text) {
        if let Some(first) = fields.first() {
            return Ok(Some((line, (*first).to_string())));
        }
    }
    Err(Fault {
        line: 1,
        why: "is empty".into(),
    })
}

/// `.tool-versions` of asdf and mise: `golang 1.22.10`, also `go 1.22.10`. Of several versions the first counts, as it
/// does for them where it is installed.
///
/// # Errors
/// A line without a version.
pub fn tool_versions(text: &str) -> Said {
    for (line, fields) in lines(text) {
        match fields.as_slice() {
            ["golang" | "go", version, ..] => return Ok(Some((line, (*version).to_string()))),
            ["golang" | "go"] => {
                let why = "names no version".into();
                return Err(Fault { line, why });
            }
            _ => {}
        }
    }
    Ok(None)
}

/// `mise.toml`: `go` (or `golang`, `core:go`) of `[tools]`: a text, a list whose first entry counts, or a table with
/// `version`.
///
/// # Errors
/// A file that is no TOML, and an entry of another shape.
pub fn mise(text: &str) -> Said {
    if !text.contains("go") {
        return Ok(None);
    }
    let line = |offset: usize| line_column(text, offset).0;
    let table = DeTable::parse(text).map_err(|e| Fault {
        line: line(e.span().map_or(0, |s| s.start)),
        why: format!("is not TOML: {}", e.message()),
    })?;
    let tools = table.get_ref().get("tools").and_then(|t| t.get_ref().as_table());
    let entry = tools.and_then(|t| MISE_NAMES.iter().find_map(|name| t.get(*name)));
    let Some(entry) = entry else {
        return Ok(None);
    };
    match version_text(entry).and_then(|version| version.get_ref().as_str()) {
        Some(version) => Ok(Some((line(entry.span().start), version.trim().to_string()))),
        None => Err(Fault {
            line: line(entry.span().start),
            why: "names no version of Go as a text".into(),
        }),
    }
}

/// The text in an entry that is the version, with its place: the entry itself, the first of a list, `version` of a table.
pub(super) fn version_text<'a, 'b>(entry: &'a Spanned<DeValue<'b>>) -> Option<&'a Spanned<DeValue<'b>>> {
    match entry.get_ref() {
        DeValue::String(_) => Some(entry),
        DeValue::Array(list) => version_text(list.first()?),
        DeValue::Table(table) => version_text(table.get("version")?),
        _ => None,
    }
}

// Numbered lines as fields, without comments.
fn lines(text: &str) -> impl Iterator<Item = (usize, Vec<&str>)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines().enumerate().map(|(i, line)| {
        let line = line.split('#').next().unwrap_or_default();
        (i + 1, line.split_whitespace().collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(said: Said) -> String {
        match said {
            Ok(None) => "nothing".into(),
            Ok(Some((line, text))) => format!("{line}: {text}"),
            Err(fault) => format!("fault in {}: {}", fault.line, fault.why),
        }
    }

    #[test]
    fn go_version_files() {
        for (text, said) in [
            ("1.22.10\n", "1: 1.22.10"),
            ("1.22.10", "1: 1.22.10"),
            ("\u{feff}1.22.10\r\n", "1: 1.22.10"),
            ("# why\n\n  go1.22.10  # here\n1.21.0\n", "3: go1.22.10"),
            ("", "fault in 1: is empty"),
            ("# only\n", "fault in 1: is empty"),
        ] {
            assert_eq!(shown(go_version(text)), said, "{text:?}");
        }
    }

    #[test]
    fn tool_versions_files() {
        for (text, said) in [
            ("nodejs 20.1.0\ngolang 1.22.10 1.21.0 system\n", "2: 1.22.10"),
            ("go 1.22\n", "1: 1.22"),
            ("#golang 1.20\ngolang\t1.21.1#x\n", "2: 1.21.1"),
            ("golang ref:master\n", "1: ref:master"),
            ("golangci-lint 1.50.0\n", "nothing"),
            ("golang\n", "fault in 1: names no version"),
            ("", "nothing"),
        ] {
            assert_eq!(shown(tool_versions(text)), said, "{text:?}");
        }
    }

    #[test]
    fn mise_files() {
        for (text, said) in [
            ("[tools]\nnode = \"20\"\ngo = \"1.22.10\" # c\n", "3: 1.22.10"),
            ("[tools]\ngo = [\"1.22.10\", \"1.21\"]\n", "2: 1.22.10"),
            (
                "[tools]\ngo = { version = \"1.22\", os = [\"linux\"] }\n",
                "2: 1.22",
            ),
            ("tools.go = \"prefix:1.22\"\n", "1: prefix:1.22"),
            ("[tools.go]\nversion = \"1.22.10\"\n", "1: 1.22.10"),
            ("[tools]\n\"core:go\" = \"1.22.10\"\n", "2: 1.22.10"),
            ("[tools]\n\"go:github.com/x/y\" = \"1.0.0\"\n", "nothing"),
            ("[env]\ngo = \"x\"\n", "nothing"),
            (
                "[tools]\ngo = 1.22\n",
                "fault in 2: names no version of Go as a text",
            ),
            (
                "[tools]\ngo = []\n",
                "fault in 2: names no version of Go as a text",
            ),
        ] {
            assert_eq!(shown(mise(text)), said, "{text:?}");
        }
        assert!(shown(mise("[tools\ngo = \"1\"\n")).starts_with("fault in 1: is not TOML: "));
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(?s)(go|golang|\\[tools\\]|[ =\"#\\n{}\\[\\].a-z0-9]|\\PC){0,40}") {
            for kind in KINDS {
                let _ = (kind.read)(&text);
            }
        }
    }
}
