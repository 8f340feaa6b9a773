//! Finding and reading the files. An absent file costs one failed open and nothing else.

use crate::bounded;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// The name of a project's file.
pub const PROJECT: &str = "gosteady.toml";
/// The file for the whole machine.
pub const SYSTEM: &str = "/etc/gosteady/config.toml";
/// The name of the user's file, in [`crate::world::World::config_dir`].
pub const USER: &str = "config.toml";

/// No file of settings is anywhere near this large.
const LARGEST: u64 = 1 << 20;

/// What reading a file gave.
#[derive(Debug)]
pub enum Content {
    /// Nothing is there, or nothing that we are allowed to see.
    Absent,
    /// Its bytes.
    Bytes(Vec<u8>),
    /// Something is there that can't be read; the reason as a clause.
    Unreadable(String),
}

/// Reads a file; never waits, also where a pipe or a device has its name.
pub fn read(path: &Path) -> Content {
    let file = match bounded::open_file(path) {
        Ok(file) => file,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Content::Absent;
        }
        // A directory above that may not be searched hides whether there is a file: nothing to complain of.
        Err(_) if path.symlink_metadata().is_err() => return Content::Absent,
        Err(e) => return Content::Unreadable(bounded::reason(&e)),
    };
    let mut bytes = Vec::new();
    match file.take(LARGEST + 1).read_to_end(&mut bytes) {
        Ok(_) if bytes.len() as u64 > LARGEST => Content::Unreadable("it is larger than 1 MiB".into()),
        Ok(_) => Content::Bytes(bytes),
        Err(e) => Content::Unreadable(bounded::reason(&e)),
    }
}

/// The nearest project file at or above a directory, read. The search ends at the top of a repository (a
/// directory with `.git`) and at the home directory, each looked into itself.
pub fn nearest_project(from: &Path, home: Option<&Path>) -> Option<(PathBuf, Content)> {
    for dir in from.ancestors() {
        let path = dir.join(PROJECT);
        match read(&path) {
            Content::Absent => {}
            found => return Some((path, found)),
        }
        if Some(dir) == home || dir.join(".git").symlink_metadata().is_ok() {
            break;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn text(read: Content) -> String {
        match read {
            Content::Absent => "absent".into(),
            Content::Bytes(bytes) => String::from_utf8(bytes).unwrap(),
            Content::Unreadable(why) => format!("unreadable: {why}"),
        }
    }

    #[test]
    fn what_can_stand_where_a_file_should() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("plain"), "x").unwrap();
        fs::create_dir(at("dir")).unwrap();
        fs::write(at("large"), vec![b' '; LARGEST as usize + 1]).unwrap();
        std::os::unix::fs::symlink(at("loop"), at("loop")).unwrap();
        nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(text(read(&at("plain"))), "x");
        assert_eq!(text(read(&at("none"))), "absent");
        assert_eq!(text(read(&at("plain/below"))), "absent");
        assert_eq!(text(read(&at("dir"))), "unreadable: it is a directory");
        assert_eq!(text(read(&at("pipe"))), "unreadable: it is not a regular file");
        assert_eq!(text(read(&at("large"))), "unreadable: it is larger than 1 MiB");
        assert!(text(read(&at("loop"))).starts_with("unreadable: "));
    }

    #[test]
    fn the_nearest_project_file_within_the_repository() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("repo/.git")).unwrap();
        fs::create_dir_all(at("repo/a/b")).unwrap();
        fs::write(at(PROJECT), "outside").unwrap();
        let found = |from: &str| nearest_project(&at(from), None).map(|(p, r)| (p, text(r)));
        assert_eq!(found("repo/a/b"), None, "the search ends at .git");
        assert_eq!(
            nearest_project(&at("repo/a"), Some(&at("repo/a"))).map(|f| f.0),
            None
        );
        fs::write(at("repo").join(PROJECT), "top").unwrap();
        assert_eq!(found("repo/a/b"), Some((at("repo").join(PROJECT), "top".into())));
        fs::write(at("repo/a").join(PROJECT), "near").unwrap();
        assert_eq!(
            found("repo/a/b"),
            Some((at("repo/a").join(PROJECT), "near".into()))
        );
    }
}
