//! One cached module, looked at: the zip once, with everything that must agree with it.

use super::finding::Damage;
use super::layout::{Layout, Module};
use super::tree::{self, Compare, Differences, Names};
use crate::gomod::Sums;
use crate::gomod::h1::{self, Bad};
use nix::fcntl::{Flock, FlockArg};
use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

/// The longest `.mod`, `.info` or `.ziphash` that is read (x/mod/zip: MaxGoMod).
const MOST: u64 = 16 << 20;
/// Its tree is unpacked from a file of GOROOT and has no `.ziphash` (cache.go: DownloadDir).
const FIPS: &str = "golang.org/fips140";
/// go fetches nothing but the zip of it (toolchain/select.go: Exec).
const TOOLCHAIN: &str = "golang.org/toolchain";

/// Everything that is wrong with a module, in the order of its parts. What is not there was never downloaded.
pub fn inspect(layout: &Layout, module: &Module, sums: &Sums) -> Vec<Damage> {
    let mut look = Look {
        layout,
        module,
        sums,
        found: Vec::new(),
    };
    if let Err((path, error)) = look.all() {
        look.add("unreadable", format!("can't be read: {error}"), Path::new(&path));
    }
    look.found
}

type Unreadable = (String, io::Error);

struct Look<'a> {
    layout: &'a Layout,
    module: &'a Module,
    sums: &'a Sums,
    found: Vec<Damage>,
}

/// What reading a zip gave.
struct Zip {
    /// `None` where it was too large to be looked at.
    h1: Option<String>,
    go_mod: Option<Vec<u8>>,
    differences: Option<Differences>,
}

impl Look<'_> {
    fn add(&mut self, id: &'static str, what: String, path: &Path) {
        let damage = Damage::new(id, self.module, what, path.display().to_string());
        self.found.push(damage);
    }

    fn all(&mut self) -> Result<(), Unreadable> {
        let (layout, module) = (self.layout, self.module);
        let (zip, tree) = (layout.file(module, "zip"), layout.tree(module));
        let hash =
            small(&layout.file(module, "ziphash"))?.map(|h| String::from_utf8_lossy(&h).trim().to_owned());
        let partial = layout.file(module, "partial").exists();
        let mut has_tree = tree.symlink_metadata().is_ok();
        if partial && is_locked(&layout.file(module, "lock")) {
            self.add("in-progress", "another process is at work on it".into(), &tree);
            return Ok(());
        }
        if partial && has_tree {
            self.add("tree-partial", "was never extracted to its end".into(), &tree);
            has_tree = false;
        } else if has_tree && !tree.is_dir() {
            // As for go (modfetch/cache.go: DownloadDir).
            self.add("tree-partial", "the extracted tree is no directory".into(), &tree);
            has_tree = false;
        }
        let (zip_is_there, read) = match File::open(&zip) {
            Err(e) if e.kind() == ErrorKind::NotFound => (false, None),
            Err(e) => return Err((zip.display().to_string(), e)),
            Ok(file) => (true, self.zip(&zip, file, has_tree.then_some(&tree))?),
        };
        let sound = self.hashes(&zip, zip_is_there, read.as_ref(), hash.as_deref(), has_tree);
        match read.as_ref().and_then(|zip| zip.differences.as_ref()) {
            Some(differences) if sound => self.differences(&tree, differences),
            _ if has_tree => self.tree(&tree, hash.as_deref())?,
            _ => {}
        }
        let of_zip = read.filter(|_| sound).and_then(|zip| zip.go_mod);
        self.go_mod(of_zip.as_deref(), zip_is_there || has_tree)?;
        self.info(zip_is_there)
    }

    /// Reads the zip to its end. `None` where it is damaged, which is told.
    fn zip(&mut self, path: &Path, file: File, tree: Option<&Path>) -> Result<Option<Zip>, Unreadable> {
        let module = self.module;
        let versioned = module.to_string();
        let mut compare = tree.map(|root| Compare::new(root, &versioned));
        let (name, mut go_mod) = (format!("{versioned}/go.mod"), None);
        let mut watch = |file: &[u8], piece: &[u8]| {
            if let Some(compare) = &mut compare {
                compare.piece(file, piece);
            }
            if file == name.as_bytes() {
                let text: &mut Vec<u8> = go_mod.get_or_insert_default();
                let room = (MOST as usize).saturating_sub(text.len());
                text.extend_from_slice(&piece[..piece.len().min(room)]);
            }
        };
        let file = BufReader::new(file);
        let looked = h1::of_module_zip_watched(file, &module.path, &module.version, &mut watch);
        match looked {
            Err(Bad::Broken(why)) => self.add("zip-broken", format!("the zip is damaged: {why}"), path),
            Err(Bad::Foreign(why)) => self.add("zip-foreign", format!("the zip {why}"), path),
            Ok(h1) => {
                if h1.is_none() {
                    self.add("zip-unread", "the zip's directory is too large".into(), path);
                }
                let compare = compare.filter(|_| h1.is_some()).map(Compare::finish);
                let differences = compare.transpose().map_err(|e| (tree_name(tree), e))?;
                return Ok(Some(Zip {
                    h1,
                    go_mod,
                    differences,
                }));
            }
        }
        Ok(None)
    }

    /// Holds zip, `.ziphash` and go.sum against each other. True where the zip is what it should be.
    fn hashes(
        &mut self,
        path: &Path,
        there: bool,
        zip: Option<&Zip>,
        hash: Option<&str>,
        has_tree: bool,
    ) -> bool {
        let sums = self.sums.of(&self.module.path, &self.module.version, false);
        let right = |h1: &str| sums.is_empty() || sums.iter().any(|sum| sum == h1);
        let says = sums.first().map(String::as_str).unwrap_or_default();
        let hash_file = self.layout.file(self.module, "ziphash");
        let h1 = zip.and_then(|zip| zip.h1.as_deref());
        match (h1, hash) {
            (Some(h1), _) if !right(h1) => {
                self.add(
                    "zip-sum",
                    format!("the zip has the hash {h1}, go.sum says {says}"),
                    path,
                );
                return false;
            }
            (Some(h1), Some(hash)) if h1 != hash && sums.is_empty() => {
                self.add(
                    "zip-hash",
                    format!("the zip has the hash {h1}, its .ziphash says {hash}"),
                    path,
                );
                return false;
            }
            (_, Some(hash)) if !right(hash) || h1.is_some_and(|h1| h1 != hash) => {
                let shown: String = hash.chars().take(60).collect();
                self.add(
                    "hash-sum",
                    format!(".ziphash says {shown:?}, go.sum {says}"),
                    &hash_file,
                );
            }
            (_, None) if (there || has_tree) && self.module.path != FIPS => {
                self.add("hash-missing", "there is no .ziphash".into(), &hash_file);
            }
            _ => {}
        }
        h1.is_some()
    }

    fn differences(&mut self, tree: &Path, differences: &Differences) {
        let kinds: [(_, _, &Names); 3] = [
            ("tree-changed", "that differ from the zip", &differences.changed),
            ("tree-missing", "that are missing", &differences.missing),
            ("tree-extra", "that are not in the zip", &differences.extra),
        ];
        for (id, how, names) in kinds.into_iter().filter(|(_, _, names)| names.count > 0) {
            let more = match names.count - names.first.len().min(3) {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            let first = names.first[..names.first.len().min(3)].join(", ");
            let what = format!("extracted files {how}: {first}{more}");
            self.add(id, what, tree);
        }
    }

    /// Where no sound zip is there to compare with.
    fn tree(&mut self, tree: &Path, hash: Option<&str>) -> Result<(), Unreadable> {
        let sums = self.sums.of(&self.module.path, &self.module.version, false);
        let Some(says) = sums.first().map(String::as_str).or(hash) else {
            return Ok(());
        };
        let h1 = tree::hash(tree, &self.module.to_string()).map_err(|e| (tree.display().to_string(), e))?;
        if h1 != says && !sums.contains(&h1) {
            self.add(
                "tree-sum",
                format!("the extracted tree has the hash {h1}, not {says}"),
                tree,
            );
        }
        Ok(())
    }

    fn go_mod(&mut self, of_zip: Option<&[u8]>, wanted: bool) -> Result<(), Unreadable> {
        let path = self.layout.file(self.module, "mod");
        let Some(text) = small(&path)? else {
            if wanted && ![FIPS, TOOLCHAIN].contains(&self.module.path.as_str()) {
                self.add("mod-missing", "there is no .mod".into(), &path);
            }
            return Ok(());
        };
        let h1 = h1::of_go_mod(&text);
        let sums = self.sums.of(&self.module.path, &self.module.version, true);
        if !sums.is_empty() && !sums.contains(&h1) {
            self.add(
                "mod-sum",
                format!("the .mod has the hash {h1}, go.sum says {}", sums[0]),
                &path,
            );
        } else if sums.is_empty() && of_zip.is_some_and(|of_zip| of_zip != text) {
            self.add("mod-zip", "the .mod is not the zip's go.mod".into(), &path);
        }
        Ok(())
    }

    fn info(&mut self, wanted: bool) -> Result<(), Unreadable> {
        let path = self.layout.file(self.module, "info");
        match small(&path)? {
            None if wanted && self.module.path != TOOLCHAIN => {
                self.add("info-missing", "there is no .info".into(), &path)
            }
            None => {}
            Some(text) => {
                let json: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
                if json["Version"].as_str() != Some(&self.module.version) {
                    self.add(
                        "info-broken",
                        "the .info does not speak of this version".into(),
                        &path,
                    );
                }
            }
        }
        Ok(())
    }
}

fn tree_name(tree: Option<&Path>) -> String {
    tree.map(|tree| tree.display().to_string()).unwrap_or_default()
}

/// A small file; `None` where there is none.
fn small(path: &Path) -> Result<Option<Vec<u8>>, Unreadable> {
    let read = || {
        let mut text = Vec::new();
        File::open(path)?.take(MOST).read_to_end(&mut text)?;
        Ok(text)
    };
    match read() {
        Ok(text) => Ok(Some(text)),
        Err(e) if io::Error::kind(&e) == ErrorKind::NotFound => Ok(None),
        Err(e) => Err((path.display().to_string(), e)),
    }
}

/// Whether a process holds go's lock.
fn is_locked(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    Flock::lock(file, FlockArg::LockSharedNonblock).is_err()
}
