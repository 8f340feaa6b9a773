//! Whose a program called go is: ours, another version manager's shim, or a script that may lead back to us.

use super::find::{runnable, split};
use crate::world::World;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The identity of a file: device and inode, links resolved.
pub(super) type Id = (u64, u64);

/// The programs that we stand before.
pub(super) const PROGRAMS: &[&str] = &["go", "gofmt"];

/// Whether the file is a script: see [`super::find::RealGo::script`].
pub fn is_script(path: &Path) -> bool {
    begins_script(&head(path))
}

/// Whether the file is a script that names no interpreter: the kernel won't run it, execvp(3) and shells give it to sh.
pub fn is_for_sh(path: &Path) -> bool {
    let head = head(path);
    begins_script(&head) && !head.starts_with(b"#!")
}

// A text; every kind of binary has a zero byte in its header.
fn begins_script(head: &[u8]) -> bool {
    !head.is_empty() && !head.contains(&0)
}

/// `None` for what is us; else whether it is a script.
pub(super) fn foreign(me: &[Id], path: &Path, m: &Metadata) -> Option<bool> {
    if me.contains(&(m.dev(), m.ino())) {
        return None;
    }
    let head = head(path);
    (!is_launcher(&head)).then(|| begins_script(&head))
}

// The beginning of a file, in one call; empty where it can't be read.
fn head(path: &Path) -> Vec<u8> {
    const LENGTH: usize = 200;
    let mut head = Vec::with_capacity(LENGTH);
    let read = std::fs::File::open(path).and_then(|f| f.take(LENGTH as u64).read_to_end(&mut head));
    read.map(|_| head).unwrap_or_default()
}

// Whether this is the head of a launcher that our installer wrote, of whatever install: a script that says so.
fn is_launcher(head: &[u8]) -> bool {
    head.starts_with(b"#!")
        && head
            .split(|b| *b == b'\n')
            .any(|line| line.starts_with(b"# gosteady-launcher:"))
}

/// Our own identity: the running executable, its twin (launcher and whole program stand side by side) and those shims of
/// its install that are asked about; without /proc, the name we were called by.
pub(super) fn own_ids(world: &World, shims: &[&str]) -> Vec<Id> {
    let id = |path: &Path| std::fs::metadata(path).ok().map(|m| (m.dev(), m.ino()));
    if let Some(exe) = world.exe.as_deref() {
        let twin = match exe.file_name().and_then(OsStr::to_str) {
            Some("gosteady") => "gosteady-launch",
            _ => "gosteady",
        };
        let mut ids: Vec<Id> = [id(exe), id(&exe.with_file_name(twin))]
            .into_iter()
            .flatten()
            .collect();
        if !ids.is_empty() {
            if let Some(prefix) = exe.parent().and_then(Path::parent) {
                let dir = prefix.join("shims");
                ids.extend(shims.iter().filter_map(|name| id(&dir.join(name))));
            }
            return ids;
        }
    }
    let name = Path::new(&world.argv0);
    if name.components().count() > 1 {
        return id(name).into_iter().collect();
    }
    let dirs = world.set_var("PATH").map(split).unwrap_or_default();
    let found = dirs
        .into_iter()
        .map(|d| Path::new(d).join(name))
        .find_map(|p| runnable(&p));
    found.map(|m| (m.dev(), m.ino())).into_iter().collect()
}

/// Whether a file is one of gosteady's own: the program, its launcher or a shim of either.
pub fn is_gosteady(world: &World, path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|m| m.is_file() && foreign(&own_ids(world, PROGRAMS), path, &m).is_none())
}

/// The version manager a shim belongs to: by the folder it stands in (`~/.asdf/shims/go`), or by the program its link
/// leads to (mise, proto and volta link their shims to one binary, and so do we: one of another install is no real go).
pub(super) fn foreign_shim(path: &Path) -> Option<&'static str> {
    const MANAGERS: &[&str] = &["asdf", "goenv", "mise", "rtx", "proto", "volta", "hermit"];
    let manager_in = |name: &OsStr| {
        let name = name.to_str()?.trim_start_matches('.');
        MANAGERS
            .iter()
            .find(|m| {
                name == **m
                    || name
                        .strip_prefix(**m)
                        .is_some_and(|rest| rest.starts_with("-shim"))
            })
            .copied()
    };
    let dir = path.parent()?;
    if dir.file_name().is_some_and(|n| n == "shims")
        && let Some(manager) = dir.ancestors().filter_map(Path::file_name).find_map(manager_in)
    {
        return Some(manager);
    }
    let target = std::fs::read_link(path).ok()?;
    match target.file_name()? {
        name if name == "gosteady" || name == "gosteady-launch" => Some("gosteady"),
        name => manager_in(name),
    }
}
