//! A thread that sleeps in a file system: /proc/PID/task/TID/{stat,wchan,syscall}. go does its file operations on
//! any of its threads, seldom on the first, which stands for the process in /proc/PID.

use super::calls;
use crate::supervise::tree;
use std::fs;

/// The most threads of one process that are looked at.
const MOST: usize = 64;

/// Where the kernel waits for the server of a file system though a signal may end the wait: FUSE
/// (linux/fs/fuse/dev.c), 9P (net/9p/client.c), NFS (net/sunrpc/sched.c), SMB (fs/smb/client/transport.c).
const REMOTE: [&str; 4] = [
    "request_wait_answer",
    "p9_client_rpc",
    "rpc_wait_bit_killable",
    "wait_for_response",
];

/// A wait within a file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileWait {
    /// The function of the kernel that waits; empty where it is not told.
    pub channel: String,
    /// The file, where it is one that the process has open.
    pub path: Option<String>,
}

impl FileWait {
    /// "the file system of /cache/x.zip (request_wait_answer)".
    pub fn clause(&self) -> String {
        let of = self
            .path
            .as_ref()
            .map_or(String::new(), |path| format!(" of {path}"));
        let channel = match self.channel.as_str() {
            "" => "in the kernel",
            channel => channel,
        };
        format!("the file system{of} ({channel})")
    }
}

/// Whether a thread in this state, asleep at this place, waits for a file system: `D` is where no signal reaches it.
fn is_wait(state: char, channel: &str) -> bool {
    state == 'D' || REMOTE.contains(&channel)
}

/// The wait of the first thread of a process that is in one. `fds`: its descriptors with what they lead to.
pub fn look(pid: i32, fds: &[(i32, String)]) -> Option<FileWait> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten();
    threads.take(MOST).find_map(|thread| {
        let tid = thread.file_name().to_str()?.parse().ok()?;
        let state = tree::parse(tid, &fs::read(thread.path().join("stat")).ok()?)?.state;
        let channel = calls::wait_channel(&thread.path()).unwrap_or_default();
        is_wait(state, &channel).then(|| FileWait {
            path: path(&thread.path(), fds),
            channel,
        })
    })
}

// A first argument that is the descriptor of a file, whatever the call.
fn path(thread: &std::path::Path, fds: &[(i32, String)]) -> Option<String> {
    let (_, fd) = calls::call(&fs::read_to_string(thread.join("syscall")).ok()?)?;
    let (_, path) = fds.iter().find(|(number, _)| *number == fd)?;
    path.starts_with('/').then(|| path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_wait_for_a_file_system() {
        for (state, channel, want) in [
            ('D', "", true),
            ('D', "folio_wait_bit_common", true),
            ('S', "request_wait_answer", true),
            ('S', "p9_client_rpc", true),
            ('S', "futex_do_wait", false),
            ('S', "do_epoll_wait", false),
            ('R', "", false),
        ] {
            assert_eq!(is_wait(state, channel), want, "{state} {channel}");
        }
    }

    #[test]
    fn a_wait_names_the_file_where_it_can() {
        let wait = |channel: &str, path: Option<&str>| FileWait {
            channel: channel.into(),
            path: path.map(str::to_string),
        };
        let named = wait("request_wait_answer", Some("/c/x.zip"));
        assert_eq!(
            named.clause(),
            "the file system of /c/x.zip (request_wait_answer)"
        );
        assert_eq!(wait("", None).clause(), "the file system (in the kernel)");
    }
}
