//! go.sum and go.work.sum.
//!
//! Source: cmd/go/internal/modfetch/fetch.go (readGoSum, checkModSum).

use std::collections::HashMap;

/// The hash of an empty go.mod, which a bug once wrote for what is no module; go drops it and so do we.
const EMPTY_GO_MOD: &str = "h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=";

/// A line: `MODULE VERSION[/go.mod] HASH`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Line<'a> {
    /// Module path, unescaped.
    pub module: &'a str,
    /// Version without the `/go.mod`.
    pub version: &'a str,
    /// Whether the hash is of the go.mod file alone.
    pub go_mod: bool,
    /// `h1:` and base64 of a SHA-256; other algorithms are kept as they are.
    pub hash: &'a str,
}

/// The lines that are well-formed; go reports the others.
pub fn sum_lines(text: &[u8]) -> impl Iterator<Item = Line<'_>> {
    text.split(|b| *b == b'\n').filter_map(|line| {
        let mut fields = std::str::from_utf8(line).ok()?.split_whitespace();
        let (module, version, hash) = (fields.next()?, fields.next()?, fields.next()?);
        if fields.next().is_some() || hash == EMPTY_GO_MOD {
            return None;
        }
        let (version, go_mod) = match version.strip_suffix("/go.mod") {
            Some(version) => (version, true),
            None => (version, false),
        };
        Some(Line {
            module,
            version,
            go_mod,
            hash,
        })
    })
}

/// The `h1:` hashes of one or more such files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums(HashMap<String, Vec<String>>);

impl Sums {
    /// Adds a file's lines.
    pub fn add(&mut self, text: &[u8]) {
        for line in sum_lines(text).filter(|l| l.hash.starts_with("h1:")) {
            let hashes = self
                .0
                .entry(key(line.module, line.version, line.go_mod))
                .or_default();
            if !hashes.iter().any(|h| h == line.hash) {
                hashes.push(line.hash.to_owned());
            }
        }
    }

    /// What is recorded for a module's zip, or for its go.mod; empty where nothing is. Files that disagree give
    /// more than one.
    pub fn of(&self, module: &str, version: &str, go_mod: bool) -> &[String] {
        self.0
            .get(&key(module, version, go_mod))
            .map_or(&[], Vec::as_slice)
    }
}

fn key(module: &str, version: &str, go_mod: bool) -> String {
    format!("{module} {version}{}", if go_mod { "/go.mod" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_read_leniently() {
        let text = b"m.io/a v1.0.0 h1:zip=\r\nm.io/a v1.0.0/go.mod h1:mod=\n\n  m.io/a\tv1.0.0  h1:other= \n\
            m.io/a v1.0.0 h2:later\nm.io/a v1.0.0 h1:zip=\nm.io/b v1.0.0\nm.io/b v1 h1:x y\n\xff v1 h1:x\n\
            m.io/c v1.0.0/go.mod h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=\nm.io/d v2.0.0 h1:end=";
        let mut sums = Sums::default();
        sums.add(text);
        assert_eq!(sums.of("m.io/a", "v1.0.0", false), ["h1:zip=", "h1:other="]);
        assert_eq!(sums.of("m.io/a", "v1.0.0", true), ["h1:mod="]);
        assert_eq!(sums.of("m.io/d", "v2.0.0", false), ["h1:end="]);
        assert_eq!(sums.0.len(), 3);
        assert_eq!(sum_lines(text).filter(|l| l.hash.starts_with("h2:")).count(), 1);
    }

    proptest! {
        #[test]
        fn nothing_panics(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut sums = Sums::default();
            sums.add(&text);
        }

        #[test]
        fn what_is_written_is_found(
            modules in proptest::collection::btree_map("[a-z]{1,8}\\.io/[a-zA-Z]{1,8}", "v[0-9]\\.[0-9]\\.[0-9]", 0..8),
            end in prop_oneof![Just("\n"), Just("\r\n")],
        ) {
            let mut text = String::new();
            for (module, version) in &modules {
                text.push_str(&format!("{module} {version} h1:{module}{end}{module} {version}/go.mod h1:{version}{end}"));
            }
            let mut sums = Sums::default();
            sums.add(text.as_bytes());
            for (module, version) in &modules {
                prop_assert_eq!(sums.of(module, version, false), &[format!("h1:{module}")][..]);
                prop_assert_eq!(sums.of(module, version, true), &[format!("h1:{version}")][..]);
            }
            prop_assert_eq!(sums.0.len(), 2 * modules.len());
        }
    }
}
