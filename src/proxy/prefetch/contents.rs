//! What a module's packages import: read from a directory, or from a zip that has come. Blocking; for threads that may.

use crate::gomod::{Tags, imports};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// As much of a Go file as is read to find its imports, in bytes.
const HEAD: u64 = 128 << 10;
/// The largest go.mod, in bytes (x/mod/zip: MaxGoMod).
const GO_MOD: u64 = 16 << 20;
/// The most files that a zip may hold to be looked into.
const FILES: usize = 50_000;

/// The imports of one package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imports {
    /// Of its own files.
    pub own: Vec<String>,
    /// Of its tests.
    pub tests: Vec<String>,
}

impl Imports {
    fn add(&mut self, name: &str, head: &[u8], tags: &Tags) -> bool {
        let found = imports(head);
        let c = found.iter().any(|path| path == "C");
        if c && !tags.any && !tags.holds("cgo") || !tags.takes(head) {
            return false;
        }
        let to = match name.ends_with("_test.go") {
            true => &mut self.tests,
            false => &mut self.own,
        };
        to.extend(found);
        true
    }
}

/// Whether go would read a file of this name (cmd/go/internal/imports/scan.go: ScanDir).
fn is_source(name: &str, tags: &Tags) -> bool {
    name.ends_with(".go") && !name.starts_with(['_', '.']) && tags.takes_name(name)
}

/// The imports of the package in a directory; `None` where there is none.
pub fn of_dir(dir: &Path, tags: &Tags) -> Option<Imports> {
    let mut found = Imports::default();
    let mut any = false;
    for entry in std::fs::read_dir(dir).ok()?.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| is_source(name, tags)) else {
            continue;
        };
        let regular = std::fs::metadata(entry.path()).is_ok_and(|m| m.is_file());
        if let Some(head) = regular.then(|| head(&entry.path())).flatten() {
            any |= found.add(name, &head, tags);
        }
    }
    any.then_some(found)
}

/// What these files import, whatever their build constraints say.
pub fn of_files(files: &[PathBuf]) -> Vec<String> {
    files
        .iter()
        .filter_map(|file| head(file))
        .flat_map(|head| imports(&head))
        .collect()
}

fn head(file: &Path) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    File::open(file).ok()?.take(HEAD).read_to_end(&mut head).ok()?;
    Some(head)
}

/// A zip that is open.
pub struct Archive<R: Read + Seek> {
    zip: ZipArchive<R>,
    root: String,
}

impl<R: Read + Seek> Archive<R> {
    /// Opens the zip of a module; `None` where that can't be done.
    pub fn open(source: R, path: &str, version: &str) -> Option<Archive<R>> {
        let zip = ZipArchive::new(source).ok().filter(|zip| zip.len() <= FILES)?;
        let root = format!("{path}@{version}/");
        Some(Archive { zip, root })
    }

    /// The go.mod; where there is none, what a proxy gives in its place
    /// (cmd/go/internal/modfetch/coderepo.go: LegacyGoMod).
    pub fn go_mod(&mut self, path: &str) -> Option<Vec<u8>> {
        let name = format!("{}go.mod", self.root);
        let Some(at) = self.zip.index_for_name(&name) else {
            return Some(format!("module {path}\n").into_bytes());
        };
        let mut text = Vec::new();
        let file = self.zip.by_index(at).ok()?;
        file.take(GO_MOD).read_to_end(&mut text).ok()?;
        Some(text)
    }

    /// The imports of the packages in these directories of the module; those that hold none are left out.
    pub fn packages(&mut self, dirs: &[&str], tags: &Tags) -> HashMap<String, Imports> {
        let dirs: HashSet<&str> = dirs.iter().copied().collect();
        let wanted = |(at, raw): (usize, &[u8])| {
            let name = std::str::from_utf8(raw).ok()?.strip_prefix(&self.root)?;
            let (dir, name) = name.rsplit_once('/').unwrap_or(("", name));
            let wanted = dirs.contains(dir) && is_source(name, tags);
            wanted.then(|| (at, dir.to_owned(), name.to_owned()))
        };
        let names = self.zip.file_names_raw().enumerate();
        let files: Vec<(usize, String, String)> = names.filter_map(wanted).collect();
        let mut found: HashMap<String, Imports> = HashMap::new();
        for (at, dir, name) in files {
            let mut head = Vec::new();
            let read = self
                .zip
                .by_index(at)
                .map(|file| file.take(HEAD).read_to_end(&mut head));
            if !matches!(read, Ok(Ok(_))) {
                continue;
            }
            let mut more = found.remove(&dir).unwrap_or_default();
            if more.add(&name, &head, tags) || more != Imports::default() {
                found.insert(dir, more);
            }
        }
        found
    }
}

/// Opens a zip in the module cache.
pub fn cached(file: &Path, path: &str, version: &str) -> Option<Archive<BufReader<File>>> {
    Archive::open(BufReader::new(File::open(file).ok()?), path, version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Write};
    use zip::write::SimpleFileOptions;

    fn tags() -> Tags {
        Tags {
            os: "linux".into(),
            arch: "amd64".into(),
            ..Tags::default()
        }
    }

    const FILES: &[(&str, &str)] = &[
        ("go.mod", "module m.io/m\n"),
        ("m.go", "package m\nimport \"a.io/a\"\n"),
        ("m_windows.go", "package m\nimport \"no.io/w\"\n"),
        ("c.go", "package m\nimport \"C\"\nimport \"no.io/c\"\n"),
        (
            "gen.go",
            "//go:build ignore\n\npackage main\nimport \"no.io/g\"\n",
        ),
        ("_x.go", "package m\nimport \"no.io/x\"\n"),
        ("m_test.go", "package m\nimport \"t.io/t\"\n"),
        ("sub/s.go", "package s\nimport \"m.io/m\"\n"),
        ("empty/gen.go", "//go:build ignore\n\npackage main\n"),
    ];

    #[test]
    fn a_zip_and_a_directory_say_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in FILES {
            let file = dir.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
            zip.start_file(format!("m.io/m@v1.0.0/{name}"), SimpleFileOptions::default())
                .unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        let bytes = zip.finish().unwrap().into_inner();
        let mut archive = Archive::open(Cursor::new(bytes), "m.io/m", "v1.0.0").unwrap();
        assert_eq!(archive.go_mod("m.io/m").as_deref(), Some(&b"module m.io/m\n"[..]));
        let found = archive.packages(&["", "sub", "empty", "none"], &tags());
        assert_eq!(found.len(), 2);
        let root = &found[""];
        assert_eq!(
            (&root.own[..], &root.tests[..]),
            (&["a.io/a".to_owned()][..], &["t.io/t".to_owned()][..])
        );
        for (sub, path) in [("", dir.path().to_path_buf()), ("sub", dir.path().join("sub"))] {
            assert_eq!(of_dir(&path, &tags()).as_ref(), found.get(sub));
        }
        assert_eq!(of_dir(&dir.path().join("empty"), &tags()), None);
        assert_eq!(of_files(&[dir.path().join("gen.go")]), ["no.io/g"]);
        let mut bare = Archive::open(Cursor::new(zip_of_nothing()), "m.io/m", "v1.0.0").unwrap();
        assert_eq!(bare.go_mod("m.io/m").as_deref(), Some(&b"module m.io/m\n"[..]));
        assert!(Archive::open(Cursor::new(b"no zip".to_vec()), "m", "v1.0.0").is_none());
    }

    fn zip_of_nothing() -> Vec<u8> {
        zip::ZipWriter::new(Cursor::new(Vec::new()))
            .finish()
            .unwrap()
            .into_inner()
    }
}
