//! Putting what came in the place of what is damaged, by renames alone and under go's lock: what was there is set aside
//! under the same names.

use super::finding::Part;
use super::layout::{Layout, Module};
use crate::toolchain::install::{files, lock};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where a part lies.
pub fn place(layout: &Layout, module: &Module, part: Part) -> PathBuf {
    match part {
        Part::Zip => layout.file(module, "zip"),
        Part::Hash => layout.file(module, "ziphash"),
        Part::Mod => layout.file(module, "mod"),
        Part::Info => layout.file(module, "info"),
        Part::Tree => layout.tree(module),
    }
}

/// Renames, and how to undo them.
#[derive(Debug, Default)]
struct Renames(Vec<(PathBuf, PathBuf)>);

impl Renames {
    fn rename(&mut self, from: PathBuf, to: PathBuf) -> io::Result<()> {
        rename(&from, &to).map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", from.display())))?;
        self.0.push((from, to));
        Ok(())
    }

    fn undo(self) {
        for (from, to) in self.0.iter().rev() {
            let _ = rename(to, from);
        }
    }
}

/// Replaces these parts of a module of `cache` by those of `fresh`. The old ones are then below `aside`, under the paths
/// that they had below GOMODCACHE. After an error everything is as it was.
pub fn swap(
    cache: &Layout,
    fresh: &Layout,
    module: &Module,
    parts: &[Part],
    aside: &Path,
    wait: (Duration, &dyn Fn(&str)),
) -> Result<(), String> {
    let lock = cache.file(module, "lock");
    let _lock = lock::take(&lock, &format!("is at work on {module}"), Some(wait.0), wait.1)
        .map_err(|failure| failure.to_string())?;
    let mut renames = Renames::default();
    let mut work = || {
        for part in parts {
            let (old, new) = (place(cache, module, *part), place(fresh, module, *part));
            let there = old.symlink_metadata().is_ok();
            if there {
                renames.rename(old.clone(), beside(cache, aside, &old)?)?;
            }
            if new.symlink_metadata().is_ok() && (there || *part != Part::Tree) {
                renames.rename(new, old)?;
            }
        }
        let partial = cache.file(module, "partial");
        if parts.contains(&Part::Tree) && partial.exists() {
            renames.rename(partial.clone(), beside(cache, aside, &partial)?)?;
        }
        Ok(())
    };
    work().map_err(|e: io::Error| {
        renames.undo();
        match e.kind() {
            // The lower layer of a container's image, mostly.
            io::ErrorKind::CrossesDevices => format!("{e}; it can be replaced only where it was made"),
            _ => e.to_string(),
        }
    })
}

fn beside(cache: &Layout, aside: &Path, path: &Path) -> io::Result<PathBuf> {
    let relative = path.strip_prefix(cache.root()).map_err(io::Error::other)?;
    Ok(aside.join(relative))
}

/// Renames a file or a tree into a directory that is made. Some systems move no directory that can't be written, so it is
/// made so for that moment.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    to.parent().map_or(Ok(()), files::directory)?;
    let metadata = from.symlink_metadata()?;
    if !metadata.is_dir() {
        return std::fs::rename(from, to);
    }
    let mode = metadata.permissions().mode();
    let _ = std::fs::set_permissions(from, PermissionsExt::from_mode(mode | 0o700));
    let renamed = std::fs::rename(from, to);
    let now = if renamed.is_ok() { to } else { from };
    let _ = std::fs::set_permissions(now, PermissionsExt::from_mode(mode));
    renamed
}
