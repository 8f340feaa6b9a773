//! The module lines of a go.mod or go.work: `module`, `go`, `require`, `replace`, `exclude`, `tool`.

/// A `require` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Require {
    /// Module path.
    pub path: String,
    /// Version as written.
    pub version: String,
    /// Marked `// indirect`.
    pub indirect: bool,
}

/// A `replace` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replace {
    /// The path that is replaced.
    pub path: String,
    /// At this version alone, where one is named.
    pub version: Option<String>,
    /// What stands in its place: a module path, or a directory.
    pub by: String,
    /// The version of the module in its place; `None` for a directory.
    pub at: Option<String>,
}

/// What a file says about modules; lines that are not understood are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directives {
    /// The path of the `module` line.
    pub module: Option<String>,
    /// The `go` line: `1.22`.
    pub go: Option<String>,
    /// `require`, in order.
    pub requires: Vec<Require>,
    /// `replace`, in order.
    pub replaced: Vec<Replace>,
    /// `exclude`: path and version.
    pub excluded: Vec<(String, String)>,
    /// `tool`: package paths.
    pub tools: Vec<String>,
}

/// Reads them. Source of the grammar: golang.org/x/mod/modfile.
pub fn directives(text: &[u8]) -> Directives {
    let mut found = Directives::default();
    let mut block: Option<&str> = None;
    let text = std::str::from_utf8(text).unwrap_or_default();
    for line in text.lines() {
        let (code, comment) = line.split_once("//").unwrap_or((line, ""));
        let fields: Vec<&str> = code.split_whitespace().collect();
        let indirect = is_indirect(comment);
        match (block, fields.as_slice()) {
            (_, []) => {}
            (Some(_), [")"]) => block = None,
            (Some(verb), rest) => found.take(verb, rest, indirect),
            (None, [verb, "("]) => block = Some(verb),
            (None, [verb]) if verb.ends_with('(') => block = Some(verb.trim_end_matches('(')),
            (None, [verb, rest @ ..]) => found.take(verb, rest, indirect),
        }
    }
    found
}

/// Whether a comment at the end of a `require` line is go's mark (x/mod/modfile/rule.go: isIndirect).
pub fn is_indirect(comment: &str) -> bool {
    let mut words = comment.split_whitespace();
    match (words.next(), words.next()) {
        (Some("indirect"), None) => true,
        (first, second) => first == Some("indirect;") && second.is_some(),
    }
}

impl Directives {
    /// Whether the file lists every module that its packages need, as those of Go 1.17 and later do
    /// (cmd/go/internal/gover/version.go: ExplicitIndirectVersion); a file without a `go` line is older.
    pub fn is_pruned(&self) -> bool {
        let minor = self.go.as_deref().and_then(|go| {
            let (major, rest) = go.split_once('.')?;
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let minor = rest[..digits].parse::<u32>().ok()?;
            Some((major.parse::<u32>().ok()?, minor))
        });
        minor >= Some((1, 17))
    }

    fn take(&mut self, verb: &str, fields: &[&str], indirect: bool) {
        let text = |field: &str| field.trim_matches(['"', '`']).to_owned();
        match (verb, fields) {
            ("module", [path]) => self.module = Some(text(path)),
            ("require", [path, version]) => self.requires.push(Require {
                path: text(path),
                version: text(version),
                indirect,
            }),
            ("go", [version]) => self.go = Some(text(version)),
            ("tool", [path]) => self.tools.push(text(path)),
            ("replace", [path, "=>", by, at @ ..]) => self.replaced.push(Replace {
                path: text(path),
                version: None,
                by: text(by),
                at: at.first().map(|at| text(at)),
            }),
            ("replace", [path, version, "=>", by, at @ ..]) => self.replaced.push(Replace {
                path: text(path),
                version: Some(text(version)),
                by: text(by),
                at: at.first().map(|at| text(at)),
            }),
            ("exclude", [path, version]) => self.excluded.push((text(path), text(version))),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_blocks() {
        let text = b"module m.io/x // c\n\nrequire a.io/a v1.0.0\nrequire (\n\tb.io/b v1.2.3 // indirect\n\n\
            \t\"c.io/c\" v0.1.0 // indirect; why\n)\nreplace a.io/a => ../a\nreplace (\n\tb.io/b v1.2.3 => d.io/d v1.0.0\n)\n\
            exclude e.io/e v1.0.0\nrequire(\nf.io/f v1.0.0 // not indirect\n)\n";
        let got = directives(text);
        assert_eq!(got.module.as_deref(), Some("m.io/x"));
        let requires: Vec<_> = got
            .requires
            .iter()
            .map(|r| (r.path.as_str(), r.version.as_str(), r.indirect))
            .collect();
        assert_eq!(
            requires,
            [
                ("a.io/a", "v1.0.0", false),
                ("b.io/b", "v1.2.3", true),
                ("c.io/c", "v0.1.0", true),
                ("f.io/f", "v1.0.0", false)
            ]
        );
        let replace = |path: &str, by: &str, at: Option<&str>| Replace {
            path: path.into(),
            version: None,
            by: by.into(),
            at: at.map(str::to_owned),
        };
        let mut second = replace("b.io/b", "d.io/d", Some("v1.0.0"));
        second.version = Some("v1.2.3".into());
        assert_eq!(got.replaced, [replace("a.io/a", "../a", None), second]);
        assert_eq!(got.excluded, [("e.io/e".into(), "v1.0.0".into())]);
        assert_eq!(directives(b"\xff"), Directives::default());
    }

    #[test]
    fn marks_of_indirect_requirements() {
        for (comment, mark) in [
            (" indirect", true),
            ("indirect", true),
            (" indirect; why", true),
            (" indirect;", false),
            (" indirect tagx:ignore", false),
            (" indirectly", false),
            ("", false),
        ] {
            assert_eq!(is_indirect(comment), mark, "{comment:?}");
        }
    }

    #[test]
    fn go_lines_and_tools() {
        for (text, pruned) in [
            ("module m", false),
            ("go 1.16", false),
            ("go 1.17", true),
            ("go 1.21rc1", true),
            ("go 1.26.3 // c", true),
            ("go 2.0", true),
            ("go x", false),
        ] {
            assert_eq!(directives(text.as_bytes()).is_pruned(), pruned, "{text}");
        }
        let tools = directives(b"tool a.io/a/cmd\ntool (\n\tb.io/b\n)\n").tools;
        assert_eq!(tools, ["a.io/a/cmd", "b.io/b"]);
    }
}
