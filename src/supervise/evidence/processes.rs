//! The processes below us, each with what it does.

use super::Item;
use super::calls::{self, Reads};
use super::files::{self, FileWait};
use super::sockets::{self, Socket};
use crate::supervise::tree::{self, Identity, Process, Tree};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// The most processes that are looked at one by one.
const MOST: usize = 64;

/// A process as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Who it is.
    pub process: Process,
    /// Its arguments as they are: to be hidden before they are shown.
    pub argv: Vec<String>,
    /// How long it has lived.
    pub age: Option<Duration>,
    /// Where it sleeps in the kernel; empty while it runs.
    pub wait_channel: Item<String>,
    /// A wait of one of its threads within a file system.
    pub file_wait: Option<FileWait>,
    /// Its connections; those to our own proxy are left out.
    pub sockets: Item<Vec<Socket>>,
    /// The regular files it has open.
    pub files: Vec<String>,
    /// The terminal it is reading.
    pub reads: Option<Reads>,
    /// Whether it could open a window.
    pub display: bool,
}

/// Looks at each process of a tree.
pub fn look(tree: Tree) -> Vec<Sighting> {
    let ours = sockets::inodes(&descriptors("self").unwrap_or_default());
    let table = match tree.processes.first() {
        Some(root) => sockets::table(root.id.pid),
        None => Vec::new(),
    };
    let processes = tree.processes.into_iter().take(MOST);
    processes
        .map(|process| sighting(process, &table, &ours))
        .collect()
}

fn sighting(process: Process, table: &[Socket], ours: &BTreeSet<u64>) -> Sighting {
    let pid = process.id.pid;
    let fds = descriptors(&pid.to_string());
    let wait_channel = calls::wait_channel(Path::new(&format!("/proc/{pid}")));
    let known = fds.as_deref().unwrap_or_default();
    let channel = wait_channel.as_deref().unwrap_or_default();
    let is_file = |path: &&(i32, String)| path.1.starts_with('/') && !path.1.starts_with("/dev/");
    Sighting {
        argv: tree::command_line(pid),
        file_wait: files::look(pid, known),
        age: age(process.id),
        sockets: match &fds {
            Ok(fds) => Ok(sockets::of(fds, table, ours)),
            Err(why) => Err(why.clone()),
        },
        files: known
            .iter()
            .filter(is_file)
            .map(|(_, path)| path.clone())
            .collect(),
        reads: calls::reads_terminal(pid, known, channel),
        display: display(pid),
        wait_channel,
        process,
    }
}

/// What the descriptors of a process (`self`, or its pid) lead to.
fn descriptors(pid: &str) -> Item<Vec<(i32, String)>> {
    let dir = fs::read_dir(format!("/proc/{pid}/fd")).map_err(|e| e.to_string())?;
    let one = |entry: fs::DirEntry| {
        let number = entry.file_name().to_str()?.parse().ok()?;
        let path = fs::read_link(entry.path()).ok()?;
        Some((number, path.to_string_lossy().into_owned()))
    };
    Ok(dir.flatten().filter_map(one).collect())
}

fn display(pid: i32) -> bool {
    let env = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    env.split(|b| *b == 0).any(|variable| {
        let set = |name: &[u8]| variable.strip_prefix(name).is_some_and(|v| !v.is_empty());
        set(b"DISPLAY=") || set(b"WAYLAND_DISPLAY=")
    })
}

/// How long a process has lived.
pub fn age(id: Identity) -> Option<Duration> {
    let text = fs::read_to_string("/proc/uptime").ok()?;
    let up: f64 = text.split_ascii_whitespace().next()?.parse().ok()?;
    // SAFETY: asks for a constant.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    let started = id.started as f64 / if ticks > 0 { ticks as f64 } else { 100.0 };
    Duration::try_from_secs_f64((up - started).max(0.0)).ok()
}
