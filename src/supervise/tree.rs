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
    /// Its process group.
    pub group: i32,
    /// Whether it has a controlling terminal.
    pub terminal: bool,
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
    /// Reads the tree below a process, and below those of `known` that have lost their parents since: an orphan of
    /// a descendant is no descendant by its parent any more.
    pub fn read(root: Pid, known: &BTreeSet<Identity>) -> Tree {
        let Ok(dir) = fs::read_dir("/proc") else {
            return Tree::default();
        };
        let all = dir
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter_map(process);
        Tree::below(root.as_raw(), known, all)
    }

    /// Picks a process, its descendants, and the known ones among `all`.
    pub fn below(root: i32, known: &BTreeSet<Identity>, all: impl Iterator<Item = Process>) -> Tree {
        let mut children: BTreeMap<i32, Vec<Process>> = BTreeMap::new();
        let (mut processes, mut orphans) = (Vec::new(), Vec::new());
        let all: Vec<Process> = all.collect();
        let mine: BTreeSet<i32> = all.iter().map(|p| p.id.pid).filter(|pid| *pid == root).collect();
        let kept = |p: &Process| known.contains(&p.id);
        let parents: BTreeSet<i32> = all
            .iter()
            .filter(|p| kept(p))
            .map(|p| p.id.pid)
            .chain(mine)
            .collect();
        for process in all {
            if process.id.pid == root {
                processes.push(process);
            } else if kept(&process) && !parents.contains(&process.parent) {
                orphans.push(process);
            } else {
                children.entry(process.parent).or_default().push(process);
            }
        }
        processes.append(&mut orphans);
        let mut at = 0;
        while let Some(process) = processes.get(at) {
            let below = children.remove(&process.id.pid).unwrap_or_default();
            processes.extend(below);
            at += 1;
        }
        processes.retain(|p| p.state != 'Z' && p.state != 'X');
        Tree { processes }
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

/// A process from the text of its `stat`, or a thread from that of its own.
pub fn parse(pid: i32, stat: &[u8]) -> Option<Process> {
    let stat = String::from_utf8_lossy(stat);
    // The name stands in parentheses and may hold any character, a parenthesis too.
    let (head, tail) = stat.rsplit_once(')')?;
    let name = head.split_once('(')?.1.to_string();
    let fields: Vec<&str> = tail.split_ascii_whitespace().collect();
    // Numbered from 3 in the manual: 3 state, 4 ppid, 5 pgrp, 7 tty_nr, 14-17 utime stime cutime cstime, 22 starttime.
    let number = |n: usize| fields.get(n - 3)?.parse::<u64>().ok();
    Some(Process {
        id: Identity {
            pid,
            started: number(22)?,
        },
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        terminal: fields.get(4)? != &"0",
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
            group: 1,
            terminal: false,
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
        assert_eq!((process.group, process.terminal), (7, false));
        assert_eq!(parse(7, b"7 (a) S 5"), None);
        assert_eq!(parse(7, b""), None);
    }

    #[test]
    fn only_descendants() {
        let all = [
            at(1, 0, 1, 'S'),
            at(10, 1, 5, 'S'),
            at(11, 10, 6, 'S'),
            at(12, 11, 7, 'S'),
            at(13, 10, 9, 'Z'),
            at(14, 1, 20, 'S'),
        ];
        let none = BTreeSet::new();
        let tree = Tree::below(10, &none, all.into_iter());
        let pids: Vec<i32> = tree.processes.iter().map(|p| p.id.pid).collect();
        assert_eq!(pids, [10, 11, 12]);
        assert_eq!(tree.cpu(), 6);
    }

    #[test]
    fn an_orphan_that_was_seen_before_stays() {
        let all = [
            at(10, 1, 5, 'S'),
            at(12, 1, 7, 'S'),
            at(13, 12, 8, 'S'),
            at(14, 10, 8, 'S'),
            // Another process by now.
            at(15, 1, 99, 'S'),
        ];
        let known = [(12, 7), (13, 8), (14, 8), (15, 9)];
        let known = known.map(|(pid, started)| Identity { pid, started }).into();
        let tree = Tree::below(10, &known, all.into_iter());
        let pids: Vec<i32> = tree.processes.iter().map(|p| p.id.pid).collect();
        assert_eq!(pids, [10, 12, 14, 13]);
    }

    #[test]
    fn counts_of_bytes() {
        assert_eq!(io("rchar: 10\nwchar: 5\nsyscr: 1\n"), Some(15));
        assert_eq!(io("rchar: x\n"), None);
    }
}
