//! Locks that are waited for and who holds them: /proc/locks (proc_locks(5)). go locks files of the module cache
//! with flock(2), without a bound and without a word (cmd/go/internal/lockedfile/internal/filelock).

use super::Item;
use super::processes::{Sighting, age};
use crate::supervise::hide::short_command;
use crate::supervise::tree;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// A line of /proc/locks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// It is not held but waited for.
    pub waits: bool,
    /// The process, in our own pid namespace.
    pub pid: i32,
    /// The file's device, as the kernel writes it here; stat(2) may know it by another number.
    pub device: String,
    /// The file's inode.
    pub inode: u64,
}

/// Somebody waits for a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// Who waits.
    pub waiter: i32,
    /// The locked file; its inode where the path is not known.
    pub file: String,
    /// Who holds it.
    pub holder: Holder,
}

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A process that we see.
    Seen {
        /// Its pid.
        pid: i32,
        /// Its command, shortened, secrets hidden; empty where it can't be read.
        command: String,
        /// How long ago it was started.
        age: Option<Duration>,
    },
    /// Nobody in our pid namespace: a process of another container or machine.
    Outside,
}

/// The flocks in the text of /proc/locks.
pub fn parse(text: &str) -> Vec<Lock> {
    text.lines().filter_map(line).collect()
}

// 12: -> FLOCK  ADVISORY  WRITE 1234 fe:00:7069698 0 EOF
fn line(line: &str) -> Option<Lock> {
    let mut words = line.split_ascii_whitespace().skip(1).peekable();
    let waits = words.next_if_eq(&"->").is_some();
    let fields: Vec<&str> = words.collect();
    if fields.first() != Some(&"FLOCK") {
        return None;
    }
    let (device, inode) = fields.get(4)?.rsplit_once(':')?;
    Some(Lock {
        waits,
        pid: fields.get(3)?.parse().ok()?,
        device: device.to_string(),
        inode: inode.parse().ok()?,
    })
}

/// For each of these processes that waits: (who waits, for which inode, who holds it). A lock that one of the
/// processes itself holds is go's own business and left out.
pub fn waits(locks: &[Lock], pids: &BTreeSet<i32>) -> Vec<(i32, u64, Option<i32>)> {
    let waiting = locks.iter().filter(|l| l.waits && pids.contains(&l.pid));
    let same = |a: &Lock, b: &Lock| (&a.device, a.inode) == (&b.device, b.inode);
    let holder = |lock: &Lock| locks.iter().find(|l| !l.waits && same(l, lock)).map(|l| l.pid);
    waiting
        .map(|l| (l.pid, l.inode, holder(l)))
        .filter(|(_, _, holder)| holder.is_none_or(|pid| !pids.contains(&pid)))
        .collect()
}

/// Who holds a lock on this file; `None` where nobody does, or where that can't be told.
pub fn holder(file: &Path) -> Option<Holder> {
    let inode = fs::metadata(file).ok()?.ino();
    let locks = parse(&fs::read_to_string("/proc/locks").ok()?);
    let lock = locks.iter().find(|lock| !lock.waits && lock.inode == inode)?;
    Some(match lock.pid {
        pid if pid > 0 => seen(pid),
        _ => Holder::Outside,
    })
}

/// What the processes wait for.
pub fn look(processes: &[Sighting]) -> Item<Vec<Wait>> {
    let text = fs::read_to_string("/proc/locks").map_err(|e| e.to_string())?;
    let locks = parse(&text);
    let pids = processes.iter().map(|s| s.process.id.pid).collect();
    let waits = waits(&locks, &pids)
        .into_iter()
        .map(|(waiter, inode, holder)| Wait {
            waiter,
            file: file(waiter, inode),
            holder: holder.map_or(Holder::Outside, seen),
        });
    let mut all: Vec<Wait> = waits.collect();
    if all.is_empty() {
        all.extend(processes.iter().filter_map(|s| unseen(s, &locks)));
    }
    Ok(all)
}

fn seen(pid: i32) -> Holder {
    Holder::Seen {
        pid,
        command: short_command(&tree::command_line(pid)),
        age: tree::process(pid).and_then(|p| age(p.id)),
    }
}

// The kernel shows no lock, nor who waits for it, whose holder is outside of our pid namespace. What remains: a thread
// sleeps in flock(2), and the process has a lock file open that it has not locked.
fn unseen(sighting: &Sighting, locks: &[Lock]) -> Option<Wait> {
    let pid = sighting.process.id.pid;
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let sleeps = |entry: fs::DirEntry| {
        let channel = fs::read_to_string(entry.path().join("wchan")).unwrap_or_default();
        channel.contains("lock_inode_wait")
    };
    if !tasks.flatten().any(sleeps) {
        return None;
    }
    let held = |inode| locks.iter().any(|l| l.pid == pid && l.inode == inode && !l.waits);
    let free = |path: &&String| fs::metadata(path).is_ok_and(|meta| !held(meta.ino()));
    let file = sighting.files.iter().filter(|p| p.ends_with("lock")).find(free)?;
    Some(Wait {
        waiter: pid,
        file: file.clone(),
        holder: Holder::Outside,
    })
}

fn file(pid: i32, inode: u64) -> String {
    let found = fs::read_dir(format!("/proc/{pid}/fd")).ok().and_then(|dir| {
        let mut paths = dir.flatten().map(|entry| entry.path());
        paths.find(|path| fs::metadata(path).is_ok_and(|meta| meta.ino() == inode))
    });
    match found.and_then(|path| fs::read_link(path).ok()) {
        Some(path) => path.to_string_lossy().into_owned(),
        None => format!("inode {inode}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKS: &str = "\
1: POSIX  ADVISORY  WRITE 700 fe:00:1 0 EOF
1: FLOCK  ADVISORY  WRITE 701 00:1f:70 0 EOF
2: FLOCK  ADVISORY  WRITE 29422 fe:00:70 0 EOF
2: -> FLOCK  ADVISORY  WRITE 300 fe:00:70 0 EOF
2: -> FLOCK  ADVISORY  READ 301 fe:00:70 0 EOF
3: FLOCK  ADVISORY  READ 300 00:1f:80 0 EOF
3: -> FLOCK  ADVISORY  WRITE 302 00:1f:80 0 EOF
4: -> FLOCK  ADVISORY  WRITE 303 00:1f:90 0 EOF
5: LEASE  ACTIVE    READ 5 00:1f:91 0 EOF
garbage
";

    #[test]
    fn who_waits_for_whom() {
        let locks = parse(LOCKS);
        assert_eq!(locks.len(), 7);
        let both = vec![(300, 70, Some(29422)), (301, 70, Some(29422))];
        let table: [(&[i32], _); 5] = [
            (&[300], both[..1].to_vec()),
            (&[300, 301], both.clone()),
            // 302 waits for a lock of its own family.
            (&[300, 302], both[..1].to_vec()),
            (&[303], vec![(303, 90, None)]),
            (&[29422], vec![]),
        ];
        for (pids, want) in table {
            let got = waits(&locks, &pids.iter().copied().collect());
            assert_eq!(got, want, "{pids:?}");
        }
    }
}
