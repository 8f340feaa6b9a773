//! `invocations.jsonl`: one line for a command that is exec'd without a guard, written just before.

use super::file::{TRACES, make_directory};
use super::redact;
use crate::config::settings::{Settings, TraceTo};
use crate::world::World;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Bytes after which the file becomes `invocations.1.jsonl`, in place of the one before.
const FILE_MAX: u64 = 4 << 20;

/// Arguments that are told; of more only the number.
const ARGS_MAX: usize = 64;

/// A command that is about to be exec'd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invocation {
    /// When, RFC 3339 in UTC, to the millisecond.
    pub t: String,
    /// The command words, e.g. `mod download`.
    pub verb: String,
    /// The arguments, by the allow-list.
    pub argv: Vec<String>,
    /// The go that runs.
    pub go: String,
    /// The rule that led to exec, in one clause.
    pub why: String,
}

impl Invocation {
    /// Describes a command; `args` are those after `argv[0]` as the user gave them.
    pub fn new(now: SystemTime, verb: &str, args: &[OsString], go: &Path, why: &str) -> Invocation {
        let now = jiff::Timestamp::try_from(now).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let mut argv = redact::argv(args);
        let more = argv.len().saturating_sub(ARGS_MAX);
        if more > 0 {
            argv.truncate(ARGS_MAX);
            argv.push(format!("{}{more} more", redact::HIDDEN));
        }
        Invocation {
            t: format!("{now:.3}"),
            verb: verb.to_string(),
            argv,
            go: redact::text(&go.to_string_lossy()).into_owned(),
            why: redact::text(why).into_owned(),
        }
    }
}

/// Where the line goes: beside the traces. `None` where traces are off, one file was named for them, or HOME is not
/// there.
pub fn place(settings: &Settings, world: &World) -> Option<PathBuf> {
    match &settings.trace {
        TraceTo::Off => None,
        TraceTo::State => world.keeping_dir().map(|dir| dir.join(TRACES)),
        TraceTo::Path(path) => Some(path.clone()).filter(|path| path.is_dir()),
    }
    .map(|dir| dir.join("invocations.jsonl"))
}

/// Appends the line with one write, so that commands that run at once do not mix theirs. The caller goes on
/// whatever becomes of it.
pub fn append(path: &Path, invocation: &Invocation) -> io::Result<()> {
    let mut line = serde_json::to_vec(invocation)?;
    line.push(b'\n');
    let open = || {
        // Not through a link, and not to wait for the other end of a FIFO.
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(flags)
            .open(path)
    };
    let mut file = match (open(), path.parent()) {
        (Err(e), Some(dir)) if e.kind() == io::ErrorKind::NotFound => {
            make_directory(dir)?;
            open()?
        }
        (file, _) => file?,
    };
    if file.metadata()?.len() + line.len() as u64 > FILE_MAX {
        // Of two that do this at once the later moves a file with one line; nothing worse.
        std::fs::rename(path, path.with_extension("1.jsonl"))?;
        file = open()?;
    }
    file.write_all(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation(args: &[&str]) -> Invocation {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        Invocation::new(
            SystemTime::UNIX_EPOCH,
            "build",
            &args,
            Path::new("/go/bin/go"),
            "memo",
        )
    }

    #[test]
    fn a_line_says_what_ran() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("traces/invocations.jsonl");
        for _ in 0..2 {
            append(&path, &invocation(&["build", "-ldflags=hunter2", "."])).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let line = concat!(
            r#"{"t":"1970-01-01T00:00:00.000Z","verb":"build","argv":["build","-ldflags=…1 word","."],"#,
            r#""go":"/go/bin/go","why":"memo"}"#
        );
        assert_eq!(text, format!("{line}\n{line}\n"));
    }

    #[test]
    fn the_file_is_rotated_at_its_limit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("invocations.jsonl");
        std::fs::write(&path, vec![b'x'; FILE_MAX as usize]).unwrap();
        append(&path, &invocation(&["build"])).unwrap();
        assert_eq!(
            std::fs::metadata(dir.path().join("invocations.1.jsonl"))
                .unwrap()
                .len(),
            FILE_MAX
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
    }

    #[test]
    fn arguments_without_end_are_counted() {
        let many = vec!["./a"; 100];
        let argv = invocation(&[&["build"], many.as_slice()].concat()).argv;
        assert_eq!((argv.len(), argv[ARGS_MAX].as_str()), (ARGS_MAX + 1, "…37 more"));
    }

    #[test]
    fn an_error_is_the_callers() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("f"), "").unwrap();
        assert!(append(&dir.path().join("f/invocations.jsonl"), &invocation(&[])).is_err());
    }

    #[test]
    fn it_lies_beside_the_traces() {
        let dir = tempfile::tempdir().unwrap();
        let at = |home: PathBuf| World {
            env: vec![("HOME".into(), home.into())],
            ..World::default()
        };
        let world = at(dir.path().into());
        for (to, place_) in [
            (
                TraceTo::State,
                Some(dir.path().join(".local/state/gosteady/traces/invocations.jsonl")),
            ),
            (TraceTo::Off, None),
            (TraceTo::Path("/h/file.jsonl".into()), None),
            (
                TraceTo::Path(dir.path().into()),
                Some(dir.path().join("invocations.jsonl")),
            ),
        ] {
            let settings = Settings {
                trace: to,
                ..Settings::default()
            };
            assert_eq!(place(&settings, &world), place_);
        }
        let homeless = at(dir.path().join("none"));
        assert_eq!(place(&Settings::default(), &homeless), None);
    }
}
