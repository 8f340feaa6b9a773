//! The child and its descendants, as /proc tells it. Where there is no /proc everything here is empty.

use nix::unistd::Pid;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// A process, named so that a later one with the same pid is not taken for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// Process id.
    pub pid: i32,
    /// When it started, in clock ticks since boot.
    pub started: u64,
}

/// A process as /proc/PID/stat shows it (proc_pid_stat(5)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Which one.
    pub id: Identity,
    /// Its parent's pid.
    pub parent: i32,
    /// The program's name, cut to 15 bytes by the kernel.
    pub name: String,
    /// `R`, `S`, `D`, `T`, `Z` …
    pub state: char,
    /// CPU time of it and of the children it has waited for, in clock ticks.
    pub cpu: u64,
}

/// A process and all that descend from it.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// The root first, then in no particular order; processes that have ended and only wait to be reaped are left out.
    pub processes: Vec<Process>,
}

impl Tree {
    /// Reads the tree below a process.
    pub fn read(root: Pid) -> Tree {
        let Ok(dir) = fs::read_dir("/proc") else {
            return Tree::default();
        };
        let all = dir
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter_map(process);
        Tree::below(root.as_raw(), all)
    }

    /// Picks a process and its descendants.
    pub fn below(root: i32, all: impl Iterator<Item = Process>) -> Tree {
        let mut children: BTreeMap<i32, Vec<Process>> = BTreeMap::new();
        let mut processes = Vec::new();
        for process in all {
            if process.id.pid == root {
                processes.push(process);
            } else {
                children.entry(process.parent).or_default().push(process);
            }
        }
        let mut at = 0;
        while let Some(process) = processes.get(at) {
            let below = children.remove(&process.id.pid).unwrap_or_default();
            processes.extend(below);
            at += 1;
        }
        processes.retain(|p| p.state != 'Z' && p.state != 'X');
        Tree { processes }
    }

    /// The descendant that started last of those that have no children themselves; not the root.
    pub fn youngest_leaf(&self) -> Option<&Process> {
        let parents: BTreeSet<i32> = self.processes.iter().map(|p| p.parent).collect();
        self.processes
            .iter()
            .skip(1)
            .filter(|p| !parents.contains(&p.id.pid))
            .max_by_key(|p| (p.id.started, p.id.pid))
    }

    /// CPU time of all of them, in clock ticks.
    pub fn cpu(&self) -> u64 {
        self.processes.iter().map(|p| p.cpu).sum()
    }

    /// Bytes that all of them have read and written, where the system tells.
    pub fn io(&self) -> u64 {
        let of = |p: &Process| io(&fs::read_to_string(format!("/proc/{}/io", p.id.pid)).ok()?);
        self.processes.iter().filter_map(of).sum()
    }
}

/// A process by its pid; `None` if there is none.
pub fn process(pid: i32) -> Option<Process> {
    parse(pid, &fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// Whether this very process still runs.
pub fn alive(id: Identity) -> bool {
    process(id.pid).is_some_and(|p| p.id == id && p.state != 'Z' && p.state != 'X')
}

/// A process's argument vector; empty where it can't be read.
pub fn command_line(pid: i32) -> Vec<String> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    bytes
        .strip_suffix(b"\0")
        .map(|list| {
            list.split(|b| *b == 0)
                .map(|a| String::from_utf8_lossy(a).into_owned())
                .collect()
        })
        .unwrap_or_default()
}

fn parse(pid: i32, stat: &[u8]) -> Option<Process> {
    let stat = String::from_utf8_lossy(stat);
    // The name stands in parentheses and may hold any character, a parenthesis too.
    let (head, tail) = stat.rsplit_once(')')?;
    let name = head.split_once('(')?.1.to_string();
    let fields: Vec<&str> = tail.split_ascii_whitespace().collect();
    // Numbered from 3 in the manual: 3 state, 4 ppid, 14-17 utime stime cutime cstime, 22 starttime.
    let number = |n: usize| fields.get(n - 3)?.parse::<u64>().ok();
    Some(Process {
        id: Identity {
            pid,
            started: number(22)?,
        },
        parent: fields.get(1)?.parse().ok()?,
        name,
        state: fields.first()?.chars().next()?,
        cpu: (14..=17).filter_map(number).sum(),
    })
}

fn io(text: &str) -> Option<u64> {
    let of = |name: &str| {
        text.lines()
            .find_map(|l| l.strip_prefix(name)?.trim().parse::<u64>().ok())
    };
    Some(of("rchar:")? + of("wchar:")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(pid: i32, parent: i32, started: u64, state: char) -> Process {
        Process {
            id: Identity { pid, started },
            parent,
            name: format!("p{pid}"),
            state,
            cpu: 2,
        }
    }

    #[test]
    fn a_stat_line_with_a_hostile_name() {
        let line = b"7 (a) R 1 (x) S 5 7 7 0 -1 4194560 1 2 3 4 10 20 30 40 20 0 1 0 99 1 2 3\n";
        let process = parse(7, line).unwrap();
        assert_eq!((process.name.as_str(), process.state), ("a) R 1 (x", 'S'));
        assert_eq!((process.parent, process.cpu, process.id.started), (5, 100, 99));
        assert_eq!(parse(7, b"7 (a) S 5"), None);
        assert_eq!(parse(7, b""), None);
    }

    #[test]
    fn only_descendants_and_the_youngest_leaf() {
        let all = [
            at(1, 0, 1, 'S'),
            at(10, 1, 5, 'S'),
            at(11, 10, 6, 'S'),
            at(12, 11, 7, 'S'),
            at(13, 10, 9, 'Z'),
            at(14, 1, 20, 'S'),
        ];
        let tree = Tree::below(10, all.into_iter());
        let pids: Vec<i32> = tree.processes.iter().map(|p| p.id.pid).collect();
        assert_eq!(pids, [10, 11, 12]);
        assert_eq!(tree.youngest_leaf().unwrap().id.pid, 12);
        assert_eq!(tree.cpu(), 6);
        assert!(
            Tree::below(14, [at(14, 1, 1, 'S')].into_iter())
                .youngest_leaf()
                .is_none()
        );
    }

    #[test]
    fn counts_of_bytes() {
        assert_eq!(io("rchar: 10\nwchar: 5\nsyscr: 1\n"), Some(15));
        assert_eq!(io("rchar: x\n"), None);
    }
}
