//! The lines of a go.mod or go.work that decide before go has parsed the file.

use crate::world::clean;
use std::path::{Path, PathBuf};

/// The `go` and `toolchain` lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// `1.22` of `go 1.22`.
    pub go: Option<String>,
    /// `go1.22.1` of `toolchain go1.22.1`; may be `default`.
    pub toolchain: Option<String>,
}

/// Scans for the first `go` and `toolchain` lines, as crudely as cmd/go/internal/gover/gomod.go (gomodLookup).
pub fn head(text: &[u8]) -> Head {
    let mut head = Head::default();
    for fields in lines(text) {
        match fields.as_slice() {
            ["go", version] if head.go.is_none() => head.go = Some((*version).to_string()),
            ["toolchain", name] if head.toolchain.is_none() => head.toolchain = Some((*name).to_string()),
            _ => {}
        }
    }
    head
}

/// The line, 1-based, of the first `go` or `toolchain` line, as [`head`] finds it.
pub fn line_of(text: &[u8], verb: &str) -> Option<usize> {
    let found = |line: &[u8]| matches!(lines(line).next().as_deref(), Some([first, _]) if *first == verb);
    text.split(|b| *b == b'\n').position(found).map(|at| at + 1)
}

/// Directories that `replace` lines put in a module's place (`=> ./x`, `=> ../x`, `=> /x`), relative ones joined to
/// `dir`, the directory of the file.
pub fn local_replacements(text: &[u8], dir: &Path) -> Vec<PathBuf> {
    lines(text)
        .filter_map(|fields| {
            let arrow = fields.iter().position(|f| *f == "=>")?;
            let target = unquote(fields.get(arrow + 1)?);
            is_local(target).then(|| clean(&dir.join(target)))
        })
        .collect()
}

/// The files of hashes that count in a workspace: those of its members and its own. `text` is the go.work's. Source:
/// cmd/go/internal/modload/init.go (loadModFile, WorkspaceGoSumFiles).
pub fn workspace_sums(work: &Path, text: &[u8]) -> Vec<PathBuf> {
    let members = workspace_uses(text, work.parent().unwrap_or(Path::new("/")));
    let mut files: Vec<PathBuf> = members.iter().map(|dir| dir.join("go.sum")).collect();
    let mut beside = work.to_path_buf().into_os_string();
    beside.push(".sum");
    files.push(beside.into());
    files
}

/// Directories of a go.work's `use` lines, joined to `dir`.
pub fn workspace_uses(text: &[u8], dir: &Path) -> Vec<PathBuf> {
    let mut uses = Vec::new();
    let mut inside = false;
    for fields in lines(text) {
        match fields.as_slice() {
            ["use", "("] | ["use("] => inside = true,
            [")"] => inside = false,
            ["use", path] => uses.push(clean(&dir.join(unquote(path)))),
            [path] if inside => uses.push(clean(&dir.join(unquote(path)))),
            _ => {}
        }
    }
    uses
}

fn is_local(path: &str) -> bool {
    path == "." || path == ".." || path.starts_with("./") || path.starts_with("../") || path.starts_with('/')
}

fn unquote(field: &str) -> &str {
    field.trim_matches(|c| c == '"' || c == '`')
}

// Fields of each line, comments removed; a line that is not UTF-8 has none.
fn lines(text: &[u8]) -> impl Iterator<Item = Vec<&str>> {
    text.split(|b| *b == b'\n').filter_map(|line| {
        let line = std::str::from_utf8(line).ok()?;
        let line = line.split("//").next().unwrap_or_default();
        let fields: Vec<&str> = line.split_whitespace().collect();
        (!fields.is_empty()).then_some(fields)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let text = b"module m // go 9\n\ngo 1.22 // comment\ntoolchain go1.22.1\ngo 1.30\nrequire a v1\n";
        assert_eq!(
            head(text),
            Head {
                go: Some("1.22".into()),
                toolchain: Some("go1.22.1".into())
            }
        );
        assert_eq!(
            head(b"\xff\xfe\ngo 1.20"),
            Head {
                go: Some("1.20".into()),
                toolchain: None
            }
        );
    }

    #[test]
    fn numbers_of_lines() {
        let text = b"module m\n\n go 1.22 // c\ngo 1.23\n";
        assert_eq!((line_of(text, "go"), line_of(text, "toolchain")), (Some(3), None));
    }

    #[test]
    fn replacements_and_uses() {
        let text = b"replace a => ../a\nreplace (\n b v1 => ./b // x\n c => d v1.0.0\n e => \"/abs e\"\n)\n";
        let dirs = local_replacements(text, Path::new("/p"));
        assert_eq!(dirs[..2], [PathBuf::from("/a"), PathBuf::from("/p/b")]);
        let work = b"go 1.22\nuse ./x\nuse (\n  ./y\n  \"./z\"\n)\nreplace a => b v1\n";
        let uses = workspace_uses(work, Path::new("/w"));
        assert_eq!(uses, ["/w/x", "/w/y", "/w/z"].map(PathBuf::from));
    }
}
