//! Where cmd/go keeps a module version. Source: cmd/go/internal/modfetch/cache.go (CachePath, DownloadDir).

use crate::gomod::{escape, semver, unescape};
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

/// A module at a version, both as go.mod has them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Module {
    /// Its path.
    pub path: String,
    /// Its canonical version.
    pub version: String,
}

impl Module {
    /// `None` for what names no place in a module cache: a path with `..`, a branch.
    pub fn new(path: &str, version: &str) -> Option<Module> {
        let segment = |s: &str| !s.is_empty() && !s.starts_with('.');
        let bad = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '\\' | '@' | '!');
        let fine = path.split('/').all(segment) && !path.contains(bad);
        (fine && semver::parse(version).is_some() && !version.contains(['/', '\\', '!'])).then(|| Module {
            path: path.into(),
            version: version.into(),
        })
    }

    /// Of `PATH@VERSION`.
    pub fn parse(text: &str) -> Option<Module> {
        let (path, version) = text.split_once('@')?;
        Module::new(path, version)
    }
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.path, self.version)
    }
}

/// A module cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The cache at this directory, there or not.
    pub fn new(root: impl Into<PathBuf>) -> Layout {
        Layout { root: root.into() }
    }

    /// GOMODCACHE.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The download cache.
    pub fn downloads(&self) -> PathBuf {
        self.root.join("cache/download")
    }

    /// A file of the download cache, by its extension: `zip`, `ziphash`, `mod`, `info`, `lock`, `partial`.
    pub fn file(&self, module: &Module, extension: &str) -> PathBuf {
        let dir = self.downloads().join(escape(&module.path)).join("@v");
        dir.join(format!("{}.{extension}", escape(&module.version)))
    }

    /// The extracted tree.
    pub fn tree(&self, module: &Module) -> PathBuf {
        let name = format!("{}@{}", escape(&module.path), escape(&module.version));
        self.root.join(name)
    }

    /// What gosteady keeps in it: what was set aside, what is being fetched.
    pub fn ours(&self) -> PathBuf {
        self.root.join("cache/gosteady")
    }

    /// Whether anything of a module is there.
    pub fn holds(&self, module: &Module) -> bool {
        let file = |extension| self.file(module, extension).symlink_metadata().is_ok();
        self.tree(module).symlink_metadata().is_ok()
            || ["zip", "ziphash", "mod", "info"].into_iter().any(file)
    }

    /// Every module version of which more than an `.info` is there, in order.
    pub fn modules(&self) -> Vec<Module> {
        let mut found = BTreeSet::new();
        let mut prefix = String::new();
        downloaded(&self.downloads(), &mut prefix, &mut found);
        extracted(&self.root, &mut prefix, &mut found);
        found.into_iter().collect()
    }
}

/// Entries of a directory with their names, where these are text; links are not followed.
fn entries(dir: &Path) -> impl Iterator<Item = (String, std::fs::FileType)> + use<> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(|e| Some((e.file_name().into_string().ok()?, e.file_type().ok()?)))
}

/// Descends into a directory with its name added to the module path so far.
fn below(prefix: &mut String, name: &str, visit: impl FnOnce(&mut String)) {
    let len = prefix.len();
    if len > 0 {
        prefix.push('/');
    }
    prefix.push_str(name);
    visit(prefix);
    prefix.truncate(len);
}

fn downloaded(dir: &Path, prefix: &mut String, found: &mut BTreeSet<Module>) {
    for (name, kind) in entries(dir) {
        if name == "@v" {
            let files = entries(&dir.join("@v")).filter_map(|(name, _)| {
                let (version, extension) = name.rsplit_once('.')?;
                let counts = ["zip", "ziphash", "mod", "partial"].contains(&extension);
                counts.then(|| Module::new(&unescape(prefix), &unescape(version)))?
            });
            found.extend(files);
        } else if kind.is_dir() && !(prefix.is_empty() && name == "sumdb") {
            below(prefix, &name, |prefix| {
                downloaded(&dir.join(&name), prefix, found)
            });
        }
    }
}

fn extracted(dir: &Path, prefix: &mut String, found: &mut BTreeSet<Module>) {
    for (name, _) in entries(dir).filter(|(_, kind)| kind.is_dir()) {
        match name.split_once('@') {
            Some((last, version)) => below(prefix, last, |path| {
                found.extend(Module::new(&unescape(path), &unescape(version)));
            }),
            None if prefix.is_empty() && name == "cache" => {}
            None => below(prefix, &name, |prefix| extracted(&dir.join(&name), prefix, found)),
        }
    }
}
