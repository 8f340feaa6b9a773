//! Modules made out of a seed: the same seed gives the same bytes, so that a failing drill can be run again.

use super::digest::dirhash;
use crate::gomod::escape;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Cursor, Write as _};
use std::path::Path;
use std::sync::Arc;
use zip::write::SimpleFileOptions;

/// The time every synthetic version was made, RFC 3339.
const TIME: &str = "2024-01-02T03:04:05Z";

/// Modules and the answers of a module server about them. Clones share the bytes.
#[derive(Debug, Clone, Default)]
pub struct Store {
    files: Arc<BTreeMap<String, Vec<u8>>>,
    modules: Arc<Vec<Module>>,
    old: bool,
}

/// One version of one module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Module path, e.g. `example.com/m00`.
    pub path: String,
    /// Canonical version, e.g. `v1.0.0`.
    pub version: String,
    /// The go.sum hash of its zip, `h1:…`.
    pub sum: String,
    /// The go.sum hash of its go.mod, `h1:…`.
    pub mod_sum: String,
}

impl Store {
    /// `count` modules at v1.0.0, of 2 to 18 KiB each: `example.com/m00`, `example.com/m01`, … and, as the last of
    /// two or more, `example.com/Upper`, whose path needs escaping. The first also has a v1.1.0, which nothing
    /// requires; every third module requires the one before it.
    pub fn synthetic(seed: u64, count: usize) -> Store {
        Store::sized(seed, count, 2 << 10)
    }

    /// The same with modules of `bytes` to `bytes` + 16 KiB each.
    pub fn sized(seed: u64, count: usize, bytes: usize) -> Store {
        Store::made(seed, count, bytes, false)
    }

    /// The same as [`Store::synthetic`] with modules of Go 1.16, and a project of it: their go.mod files do not list
    /// what they need indirectly.
    pub fn old(seed: u64, count: usize) -> Store {
        Store::made(seed, count, 2 << 10, true)
    }

    fn made(seed: u64, count: usize, bytes: usize, old: bool) -> Store {
        let mut random = Random(seed);
        let mut builder = Builder {
            old,
            ..Builder::default()
        };
        let paths: Vec<String> = (0..count).map(|i| path_of(i, count)).collect();
        for (i, path) in paths.iter().enumerate() {
            let requires = (i % 3 == 2).then(|| paths[i - 1].as_str());
            let size = bytes + random.below(16 << 10);
            builder.add(path, "v1.0.0", requires, &random.text(size));
        }
        let required = builder.modules.clone();
        if let Some(first) = paths.first() {
            let text = random.text(bytes);
            builder.add(first, "v1.1.0", None, &text);
        }
        builder.finish(required)
    }

    /// A store of these files by request path; it has no project.
    pub fn of(files: BTreeMap<String, Vec<u8>>) -> Store {
        Store {
            files: Arc::new(files),
            modules: Arc::default(),
            old: false,
        }
    }

    /// The modules that the project requires, in the order of their making.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// The answer to a request path that is percent-decoded and has no leading slash, e.g.
    /// `example.com/!upper/@v/v1.0.0.mod`.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// The lines of a complete go.sum for the project.
    pub fn go_sum(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        for m in self.modules.iter() {
            lines.push(format!("{} {} {}\n", m.path, m.version, m.sum));
            lines.push(format!("{} {}/go.mod {}\n", m.path, m.version, m.mod_sum));
        }
        lines.sort();
        lines.concat()
    }

    /// The project's go.mod, as `go mod tidy` would leave it.
    pub fn go_mod(&self) -> String {
        let mut modules: Vec<&Module> = self.modules.iter().collect();
        modules.sort_by(|a, b| a.path.cmp(&b.path));
        let mut text = format!("module example.org/sample\n\ngo {}\n", go_line(self.old));
        match modules.as_slice() {
            [] => {}
            [m] => {
                let _ = write!(text, "\nrequire {} {}\n", m.path, m.version);
            }
            many => {
                text.push_str("\nrequire (\n");
                for m in many {
                    let _ = writeln!(text, "\t{} {}", m.path, m.version);
                }
                text.push_str(")\n");
            }
        }
        text
    }

    /// Writes a main module that requires and imports every module: go.mod, go.sum, main.go and main_test.go.
    pub fn write_project(&self, dir: &Path) -> io::Result<()> {
        let mut paths: Vec<&str> = self.modules.iter().map(|m| m.path.as_str()).collect();
        paths.sort();
        let mut main =
            String::from("// A sample that uses every module it requires.\npackage main\n\nimport (\n");
        for path in &paths {
            let _ = writeln!(main, "\t\"{path}\"");
        }
        main.push_str(")\n\nfunc names() []string {\n\treturn []string{\n");
        for path in &paths {
            let _ = writeln!(main, "\t\t{}.Name(),", package_of(path));
        }
        main.push_str(
            "\t}\n}\n\nfunc main() {\n\tfor _, name := range names() {\n\t\tprintln(name)\n\t}\n}\n",
        );
        let test = format!(
            "package main\n\nimport \"testing\"\n\nfunc TestNames(t *testing.T) {{\n\tif len(names()) != {} {{\n\t\tt.Fatal(names())\n\t}}\n}}\n",
            paths.len()
        );
        std::fs::write(dir.join("go.mod"), self.go_mod())?;
        std::fs::write(dir.join("go.sum"), self.go_sum())?;
        std::fs::write(dir.join("main.go"), main)?;
        std::fs::write(dir.join("main_test.go"), test)
    }
}

#[derive(Default)]
struct Builder {
    old: bool,
    files: BTreeMap<String, Vec<u8>>,
    modules: Vec<Module>,
}

impl Builder {
    fn add(&mut self, path: &str, version: &str, requires: Option<&str>, text: &str) {
        let package = package_of(path);
        let mut go_mod = format!("module {path}\n\ngo {}\n", go_line(self.old));
        let mut source = format!("// Package {package} was made for a drill.\npackage {package}\n\n");
        if let Some(other) = requires {
            let _ = write!(go_mod, "\nrequire {other} v1.0.0\n");
            let _ = write!(source, "import _ \"{other}\"\n\n");
        }
        let _ = write!(
            source,
            "// Name is where the package comes from.\nfunc Name() string {{\n\treturn \"{path}@{version}\"\n}}\n"
        );
        let root = format!("{path}@{version}");
        let files = vec![
            (format!("{root}/go.mod"), go_mod.clone().into_bytes()),
            (format!("{root}/{package}.go"), source.into_bytes()),
            (format!("{root}/testdata/noise.txt"), text.as_bytes().to_vec()),
        ];
        self.modules.push(Module {
            path: path.to_string(),
            version: version.to_string(),
            sum: dirhash(&files),
            mod_sum: dirhash(&[("go.mod".to_string(), go_mod.clone().into_bytes())]),
        });

        let base = escape(path);
        let info = format!("{{\"Version\":\"{version}\",\"Time\":\"{TIME}\"}}");
        let list = self.files.entry(format!("{base}/@v/list")).or_default();
        list.extend_from_slice(format!("{version}\n").as_bytes());
        // Versions are added in their order, so the last one is the latest.
        self.files
            .insert(format!("{base}/@latest"), info.clone().into_bytes());
        for (extension, bytes) in [
            ("info", info.into_bytes()),
            ("mod", go_mod.into_bytes()),
            ("zip", archive(&files)),
        ] {
            self.files
                .insert(format!("{base}/@v/{version}.{extension}"), bytes);
        }
    }

    fn finish(self, required: Vec<Module>) -> Store {
        Store {
            files: Arc::new(self.files),
            modules: Arc::new(required),
            old: self.old,
        }
    }
}

fn go_line(old: bool) -> &'static str {
    if old { "1.16" } else { "1.21" }
}

fn path_of(i: usize, count: usize) -> String {
    if count > 1 && i + 1 == count {
        "example.com/Upper".to_string()
    } else {
        format!("example.com/m{i:02}")
    }
}

fn package_of(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase()
}

pub(super) fn archive(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    // The default time is a fixed one, so the same files give the same bytes.
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut write = || -> zip::result::ZipResult<()> {
        for (name, content) in files {
            zip.start_file(name.as_str(), options)?;
            zip.write_all(content)?;
        }
        Ok(())
    };
    write().expect("writing a small archive to memory");
    zip.finish()
        .expect("writing a small archive to memory")
        .into_inner()
}

/// SplitMix64: small, seeded, good enough for noise.
#[derive(Debug, Clone)]
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn text(&mut self, bytes: usize) -> String {
        let mut text = String::with_capacity(bytes + 64);
        while text.len() < bytes {
            let _ = writeln!(text, "{:016x}{:016x}", self.next(), self.next());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let (a, b) = (Store::synthetic(7, 4), Store::synthetic(7, 4));
        assert_eq!(a.files, b.files);
        assert_ne!(a.files, Store::synthetic(8, 4).files);
    }

    #[test]
    fn a_store_answers_the_whole_protocol() {
        let store = Store::synthetic(1, 4);
        assert_eq!(store.modules().len(), 4);
        let text = |path: &str| String::from_utf8(store.get(path).unwrap().to_vec()).unwrap();
        assert_eq!(text("example.com/m00/@v/list"), "v1.0.0\nv1.1.0\n");
        assert!(text("example.com/m00/@latest").contains("v1.1.0"));
        assert!(text("example.com/!upper/@v/v1.0.0.mod").starts_with("module example.com/Upper\n"));
        assert!(text("example.com/m02/@v/v1.0.0.mod").contains("require example.com/m01 v1.0.0"));
        assert!(store.get("example.com/!upper/@v/v1.0.0.zip").unwrap().len() > 1 << 10);
        assert!(store.get("example.com/none/@v/list").is_none());
    }

    #[test]
    fn the_project_requires_what_it_imports() {
        let store = Store::synthetic(1, 3);
        let dir = tempfile::tempdir().unwrap();
        store.write_project(dir.path()).unwrap();
        let sum = std::fs::read_to_string(dir.path().join("go.sum")).unwrap();
        assert_eq!(sum.lines().count(), 6);
        assert!(
            sum.lines()
                .next()
                .unwrap()
                .starts_with("example.com/Upper v1.0.0 h1:")
        );
        let main = std::fs::read_to_string(dir.path().join("main.go")).unwrap();
        assert!(main.contains("upper.Name()"));
    }
}
