//! The module lines of a go.mod or go.work: `module`, `require`, `replace`, `exclude`.

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

/// What a file says about modules; lines that are not understood are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directives {
    /// The path of the `module` line.
    pub module: Option<String>,
    /// `require`, in order.
    pub requires: Vec<Require>,
    /// Left sides of `replace`: path, and the version where one is named.
    pub replaced: Vec<(String, Option<String>)>,
    /// `exclude`: path and version.
    pub excluded: Vec<(String, String)>,
}

/// Reads them. Source of the grammar: golang.org/x/mod/modfile.
pub fn directives(text: &[u8]) -> Directives {
    let mut found = Directives::default();
    let mut block: Option<&str> = None;
    let text = std::str::from_utf8(text).unwrap_or_default();
    for line in text.lines() {
        let (code, comment) = line.split_once("//").unwrap_or((line, ""));
        let fields: Vec<&str> = code.split_whitespace().collect();
        let indirect = matches!(comment.trim().split([';', ' ']).next(), Some("indirect"));
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

impl Directives {
    fn take(&mut self, verb: &str, fields: &[&str], indirect: bool) {
        let text = |field: &str| field.trim_matches(['"', '`']).to_owned();
        match (verb, fields) {
            ("module", [path]) => self.module = Some(text(path)),
            ("require", [path, version]) => self.requires.push(Require {
                path: text(path),
                version: text(version),
                indirect,
            }),
            ("replace", [path, "=>", ..]) => self.replaced.push((text(path), None)),
            ("replace", [path, version, "=>", ..]) => {
                self.replaced.push((text(path), Some(text(version))));
            }
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
        assert_eq!(
            got.replaced,
            [
                ("a.io/a".into(), None),
                ("b.io/b".into(), Some("v1.2.3".to_string()))
            ]
        );
        assert_eq!(got.excluded, [("e.io/e".into(), "v1.0.0".into())]);
        assert_eq!(directives(b"\xff"), Directives::default());
    }
}
