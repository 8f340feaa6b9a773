//! What a process is doing in the kernel: /proc/PID/syscall, /proc/PID/wchan (proc_pid_syscall(5), proc_pid_wchan(5)).

use super::Item;
use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A process that waits for somebody to type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reads {
    /// The terminal's path.
    pub terminal: String,
    /// Whether what is typed shows: a question, not a secret. `None` where the terminal can't be asked.
    pub echo: Option<bool>,
}

/// The number of a system call and its first argument, where that is small enough to be a descriptor.
pub fn call(line: &str) -> Option<(libc::c_long, i32)> {
    let mut words = line.split_ascii_whitespace();
    let number = words.next()?.parse().ok()?;
    let first = words.next()?.strip_prefix("0x")?;
    Some((number, i32::from_str_radix(first, 16).ok()?))
}

/// The descriptor that the process is reading from, by its system call. None but Linux says that in /proc.
pub fn reading(line: &str) -> Option<i32> {
    #[cfg(target_os = "linux")]
    const READ: libc::c_long = libc::SYS_read;
    #[cfg(not(target_os = "linux"))]
    const READ: libc::c_long = -1;
    let (number, first) = call(line)?;
    (number == READ).then_some(first)
}

/// Whether this path is a terminal.
pub fn is_terminal(path: &str) -> bool {
    let number = |n: &str| n.parse::<u32>().is_ok();
    let name = |n: &str| n.starts_with(|c: char| c.is_ascii_alphanumeric());
    path == "/dev/tty"
        || path == "/dev/console"
        || path.strip_prefix("/dev/pts/").is_some_and(number)
        || path.strip_prefix("/dev/tty").is_some_and(name)
}

/// Where the process or thread of this directory in /proc sleeps in the kernel: the function's name; empty while it
/// runs.
pub fn wait_channel(process: &Path) -> Item<String> {
    match fs::read_to_string(process.join("wchan")) {
        Ok(name) if name.trim() == "0" => Ok(String::new()),
        Ok(name) => Ok(name.trim().to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// The terminal that the process is reading, if it is. `fds`: its descriptors with what they lead to.
pub fn reads_terminal(pid: i32, fds: &[(i32, String)], wait_channel: &str) -> Option<Reads> {
    let path_of = |number: i32| fds.iter().find(|(fd, _)| *fd == number);
    let (fd, terminal) = match fs::read_to_string(format!("/proc/{pid}/syscall")) {
        Ok(line) => path_of(reading(&line)?).filter(|(_, path)| is_terminal(path))?,
        // Not everybody may read that. /dev/tty itself is opened for a prompt, and for little else.
        Err(_) if matches!(wait_channel, "n_tty_read" | "wait_woken") => {
            fds.iter().find(|(_, path)| path == "/dev/tty")?
        }
        Err(_) => return None,
    };
    Some(Reads {
        terminal: terminal.clone(),
        echo: echo(&format!("/proc/{pid}/fd/{fd}")),
    })
}

fn echo(path: &str) -> Option<bool> {
    let file = fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOCTTY | libc::O_NONBLOCK)
        .open(path)
        .ok()?;
    // SAFETY: all zeroes is a valid termios; the descriptor is open and the pointer valid.
    let settings = unsafe {
        let mut settings: libc::termios = std::mem::zeroed();
        (libc::tcgetattr(file.as_raw_fd(), &mut settings) == 0).then_some(settings)
    };
    settings.map(|s| s.c_lflag & libc::ECHO != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_descriptor_of_a_read() {
        let read = libc::SYS_read;
        let table = [
            (format!("{read} 0x3 0x7ffd 0x1 0x0 0x0 0x0 0x7ffe 0x7f"), Some(3)),
            (format!("{read} 0x1f 0x7ffd 0x1"), Some(31)),
            (format!("{} 0x3 0x7ffd 0x1", read + 271), None),
            ("running".to_string(), None),
            ("-1 0x7ffd 0x7f".to_string(), None),
            (String::new(), None),
        ];
        for (line, want) in table {
            assert_eq!(reading(&line), want, "{line}");
        }
    }

    #[test]
    fn terminals_by_path() {
        for path in [
            "/dev/tty",
            "/dev/pts/0",
            "/dev/tty1",
            "/dev/ttyS0",
            "/dev/console",
        ] {
            assert!(is_terminal(path), "{path}");
        }
        for path in ["/dev/null", "/dev/pts/ptmx", "pipe:[3]", "/home/tty", "/dev/pts/"] {
            assert!(!is_terminal(path), "{path}");
        }
    }
}
