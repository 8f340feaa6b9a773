//! Who else can change a cached module, and whether go can.

use super::finding::Damage;
use super::layout::{Layout, Module};
use nix::unistd::{AccessFlags, access, geteuid};
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Entries with one and the same fault.
#[derive(Debug, Default)]
struct Entries {
    count: usize,
    first: PathBuf,
}

/// What was seen, over all modules: one fault is told once, however many entries have it.
#[derive(Debug, Default)]
pub struct Access(BTreeMap<(&'static str, u32), Entries>);

impl Access {
    /// Looks at the entries of a module: its files, its tree and the directory they lie in.
    pub fn look(&mut self, layout: &Layout, module: &Module) {
        let extensions = ["zip", "ziphash", "mod", "info", "lock"];
        let mut paths: Vec<PathBuf> = extensions.map(|e| layout.file(module, e)).into();
        paths.push(layout.tree(module));
        for path in &paths {
            let Ok(metadata) = path.symlink_metadata() else {
                continue;
            };
            if metadata.uid() != geteuid().as_raw() {
                self.add("foreign-owner", metadata.uid(), path);
            }
            if metadata.mode() & 0o002 != 0 && !metadata.is_symlink() {
                self.add("open-to-all", 0, path);
            }
        }
        let lock = layout.file(module, "lock");
        for path in [lock.parent().unwrap_or(layout.root()), &lock] {
            if path.exists() && access(path, AccessFlags::W_OK).is_err() {
                self.add("not-writable", 0, path);
            }
        }
    }

    fn add(&mut self, id: &'static str, uid: u32, path: &Path) {
        let entries = self.0.entry((id, uid)).or_default();
        entries.count += 1;
        if entries.count == 1 || path < entries.first.as_path() {
            entries.first = path.to_path_buf();
        }
    }

    /// Adds what another saw.
    pub fn join(&mut self, other: Access) {
        for (key, entries) in other.0 {
            let mine = self.0.entry(key).or_default();
            if mine.count == 0 || entries.first < mine.first {
                mine.first = entries.first;
            }
            mine.count += entries.count;
        }
    }

    /// What to tell of it.
    pub fn findings(self, layout: &Layout) -> Vec<Damage> {
        let root = layout.root().display();
        let told = self.0.into_iter().map(|((id, uid), entries)| {
            let n = entries.count;
            let (what, fix) = match id {
                "foreign-owner" => (
                    format!("entries that belong to another user, number {uid}: {n}"),
                    format!("sudo chown -R \"$(id -u):$(id -g)\" {root}"),
                ),
                "open-to-all" => (
                    format!("entries that everybody may write to: {n}"),
                    format!("chmod -R o-w {root}"),
                ),
                _ => (
                    format!("directories and lock files that can't be written to: {n}"),
                    format!("sudo chown -R \"$(id -u):$(id -g)\" {root}"),
                ),
            };
            Damage::of_many(id, what, entries.first.display().to_string(), fix)
        });
        told.collect()
    }
}
