//! Hangs of the machine itself: a name server that does not answer, a file system that does not, and one that is full.
//! They need rights that not everybody has; without them the tests say so and are skipped.

use super::stage::{Running, direct, mirrored, page};
use crate::support::Sandbox;
use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A network of its own, whose only way out leads nowhere; names are asked for there.
const SILENT_NETWORK: &str = "
set -e
ip() { PATH=\"$PATH:/usr/sbin:/sbin\" env ip \"$@\"; }
ip link set lo up
ip link add gone0 type dummy 2>/dev/null || ip link add gone0 type bridge
ip address add 10.9.9.1/24 dev gone0
ip link set gone0 up
ip neighbour add 10.9.9.53 lladdr 02:00:00:00:00:01 dev gone0
mount --bind \"$1\" /etc/resolv.conf
if test -f /etc/nsswitch.conf; then mount --bind \"$2\" /etc/nsswitch.conf; fi
shift 2
exec \"$@\"
";

/// A command in the silent network; `None` where there can be none.
fn without_names(sandbox: &Sandbox, test: &str, command: &[&OsStr]) -> Option<Command> {
    let files = [sandbox.path("resolv.conf"), sandbox.path("nsswitch.conf")];
    std::fs::write(&files[0], "nameserver 10.9.9.53\n").unwrap();
    std::fs::write(&files[1], "hosts: files dns\n").unwrap();
    let enter = |command: &[&OsStr]| {
        let args = ["--net", "--mount", "/bin/sh", "-c", SILENT_NETWORK, "sh"];
        let mut enter = sandbox.command("unshare", &args);
        enter.args(&files).args(command).stdin(Stdio::null());
        enter
    };
    let probe = enter(&[OsStr::new("true")]).output();
    if !probe.is_ok_and(|o| o.status.success()) {
        skipped!("{test}: no right to make a network, or no unshare or ip");
        return None;
    }
    Some(enter(command))
}

#[test]
fn a_name_server_that_never_answers() {
    let test = "a_name_server_that_never_answers";
    for who in ["git ls-remote https://git.test/x", "go itself"] {
        let Some(sandbox) = direct(test, "https://git.corp.test/") else {
            return;
        };
        if who == "go itself" {
            page(&sandbox);
        }
        let go = sandbox.path("shims/go");
        let words = [go.as_os_str(), OsStr::new("mod"), OsStr::new("download")];
        let Some(mut command) = without_names(&sandbox, test, &words) else {
            return;
        };
        let (_, said) = Running::start(&mut command).end();
        let line = format!(
            "waiting for {who}: resolving a name, no answer from the name server 10.9.9.53:53; it will be ended after \
             2s [dns-no-answer]"
        );
        assert!(said.contains(&line), "{said}");
        assert!(said.contains("\ngosteady: ending "), "{said}");
        assert!(said.contains("gosteady: [dns-no-answer] Run `getent"), "{said}");
    }
}

/// A file system that is mounted as long as this lives.
struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        let path = c_string(self.0.as_os_str());
        // SAFETY: a valid string. Force: whoever waits for FUSE gets an error.
        unsafe { libc::umount2(path.as_ptr(), libc::MNT_FORCE | libc::MNT_DETACH) };
    }
}

fn c_string(text: &OsStr) -> CString {
    CString::new(text.as_bytes()).unwrap()
}

/// Mounts; `None`, with a line that says so, where that is not allowed.
fn mount(test: &str, kind: &str, at: &Path, options: &str) -> Option<Mounted> {
    let [kind, options] = [kind, options].map(|text| c_string(OsStr::new(text)));
    let target = c_string(at.as_os_str());
    let flags = libc::MS_NOSUID | libc::MS_NODEV;
    // SAFETY: valid strings.
    let done = unsafe {
        libc::mount(
            kind.as_ptr(),
            target.as_ptr(),
            kind.as_ptr(),
            flags,
            options.as_ptr().cast(),
        )
    };
    if done != 0 {
        skipped!("{test}: mount: {}", std::io::Error::last_os_error());
        return None;
    }
    Some(Mounted(at.to_path_buf()))
}

#[test]
fn a_full_disk() {
    let test = "a_full_disk";
    let Some((_, _server, sandbox)) = mirrored(test) else {
        return;
    };
    let Some(_disk) = mount(test, "tmpfs", &sandbox.modcache(), "size=64k") else {
        return;
    };
    let mut filler = File::create(sandbox.modcache().join("filler")).unwrap();
    // What fits is written; the error is the aim.
    let full = filler.write_all(&[1; 128 << 10]).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    let err = sandbox.go(&["mod", "download"]).expect(1).err();
    assert!(err.contains("no space left on device"), "{err}");
    assert!(err.contains("gosteady: [disk-full] Run `df -h`"), "{err}");
}

/// Serves an empty directory, by the kernel's own protocol (linux/fuse.h), and never answers who wants to make something
/// in it.
fn serve(mut device: File) {
    const LOOKUP: u32 = 1;
    const GETATTR: u32 = 3;
    const STATFS: u32 = 17;
    const INIT: u32 = 26;
    const SILENT: [u32; 4] = [8, 9, 14, 35]; // MKNOD, MKDIR, OPEN, CREATE
    const UNANSWERED: [u32; 3] = [2, 36, 42]; // FORGET, INTERRUPT, BATCH_FORGET
    let mut buffer = vec![0u8; 1 << 20];
    // It ends with the mount.
    while let Ok(n @ 40..) = device.read(&mut buffer) {
        let request = &buffer[..n];
        let opcode = u32::from_ne_bytes(request[4..8].try_into().unwrap());
        let (error, body) = match opcode {
            _ if SILENT.contains(&opcode) || UNANSWERED.contains(&opcode) => continue,
            INIT => (0, init()),
            GETATTR => (0, directory()),
            STATFS => (0, room()),
            LOOKUP => (-libc::ENOENT, Vec::new()),
            _ => (-libc::ENOSYS, Vec::new()),
        };
        let mut answer = (16 + body.len() as u32).to_ne_bytes().to_vec();
        answer.extend(error.to_ne_bytes());
        answer.extend(&request[8..16]);
        answer.extend(body);
        let _ = device.write_all(&answer);
    }
}

// fuse_init_out: version 7.31, no readahead, no flags, then the longest write.
fn init() -> Vec<u8> {
    let mut out: Vec<u8> = [7u32, 31, 0, 0, 0, 4096]
        .iter()
        .flat_map(|n| n.to_ne_bytes())
        .collect();
    out.resize(64, 0);
    out
}

// fuse_attr_out: valid for ever, inode 1, a directory.
fn directory() -> Vec<u8> {
    let mut out: Vec<u8> = [u64::from(u32::MAX), 0, 1]
        .iter()
        .flat_map(|n| n.to_ne_bytes())
        .collect();
    out.resize(16 + 60, 0);
    out.extend((libc::S_IFDIR | 0o777).to_ne_bytes());
    out.extend(2u32.to_ne_bytes());
    out.resize(16 + 88, 0);
    out
}

// fuse_statfs_out: blocks, free, available, inodes, free; size of a block, longest name, fragments.
fn room() -> Vec<u8> {
    let mut out: Vec<u8> = [1u64 << 30, 1 << 30, 1 << 30, 1 << 20, 1 << 20]
        .iter()
        .flat_map(|n| n.to_ne_bytes())
        .collect();
    out.extend([4096u32, 255, 4096].iter().flat_map(|n| n.to_ne_bytes()));
    out.resize(80, 0);
    out
}

#[test]
fn a_file_system_that_does_not_answer() {
    let test = "a_file_system_that_does_not_answer";
    let Some((_, _server, sandbox)) = mirrored(test) else {
        return;
    };
    let Ok(device) = File::options().read(true).write(true).open("/dev/fuse") else {
        skipped!("{test}: /dev/fuse can't be opened");
        return;
    };
    let options = format!(
        "fd={},rootmode=40000,user_id=0,group_id=0,allow_other",
        device.as_raw_fd()
    );
    let Some(mounted) = mount(test, "fuse", &sandbox.modcache(), &options) else {
        return;
    };
    let served = std::thread::spawn(|| serve(device));
    let mut command = sandbox.command(sandbox.path("shims/go"), &["mod", "download"]);
    let mut go = Running::start(command.stdin(Stdio::null()));
    go.outlast();
    let said = go.said.clone();
    drop(mounted);
    let (_, rest) = go.end();
    served.join().unwrap();
    assert!(
        said.contains("waiting for go itself: the file system (request_wait_answer) [slow-filesystem]"),
        "{said}"
    );
    assert!(!rest.contains("gosteady: ending"), "{rest}");
}
