//! The file systems that go writes to: kind, free space, free inodes (statfs(2)).

use super::Item;
use crate::bounded;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a file system may take to answer: a dead server makes statfs(2) wait for ever.
const BOUND: Duration = Duration::from_secs(1);
/// Kinds by their magic number (linux/magic.h); the flag: files may be far away.
const KINDS: [(i64, &str, bool); 15] = [
    (0xEF53, "ext4", false),
    (0x5846_5342, "xfs", false),
    (0x9123_683E, "btrfs", false),
    (0x2FC1_2FC1, "zfs", false),
    (0xF2F5_2010, "f2fs", false),
    (0x0102_1994, "tmpfs", false),
    (0x794C_7630, "overlay", false),
    (0x6969, "nfs", true),
    (0x0102_1997, "9p", true),
    (0xFF53_4D42, "cifs", true),
    (0xFE53_4D42, "smb2", true),
    (0x6573_5546, "fuse", true),
    (0x00C3_6400, "ceph", true),
    (0x5346_414F, "afs", true),
    (0x0BD0_0BD0, "lustre", true),
];

/// A directory that go writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The variable that names it, e.g. `GOMODCACHE`.
    pub name: &'static str,
    /// Its path.
    pub path: PathBuf,
    /// Its file system; the error where it does not answer.
    pub room: Item<Room>,
}

/// A file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Its kind; a number where it has no name here.
    pub kind: String,
    /// Whether its files may be far away.
    pub remote: bool,
    /// Bytes free for us.
    pub free: u64,
    /// Free inodes; `None` where it does not count them.
    pub inodes: Option<u64>,
}

impl Room {
    /// Whether nothing more fits in.
    pub fn full(&self) -> bool {
        self.free < 64 << 10 || self.inodes == Some(0)
    }
}

/// The name of a kind of file system, and whether its files may be far away.
pub fn kind(magic: i64) -> (String, bool) {
    // The field is 32 bits wide in some places and sign-extended from there.
    let known = KINDS.iter().find(|(m, _, _)| *m as u32 == magic as u32);
    match known {
        Some((_, name, remote)) => (name.to_string(), *remote),
        None => (format!("file system {:#x}", magic as u32), false),
    }
}

/// Asks each place.
pub fn look(dirs: &[(&'static str, PathBuf)]) -> Vec<Place> {
    let ask = |(name, path): &(&'static str, PathBuf)| {
        let asked = path.clone();
        let room = bounded::run(BOUND, move || room(&asked));
        Place {
            name,
            path: path.clone(),
            room: room.unwrap_or_else(|| Err("it did not answer within a second".into())),
        }
    };
    dirs.iter().map(ask).collect()
}

#[cfg(target_os = "linux")]
fn room(path: &Path) -> Item<Room> {
    // What is not there yet will be made where its nearest parent lies.
    let there = path.ancestors().find(|p| p.exists()).unwrap_or(path);
    let found = nix::sys::statfs::statfs(there).map_err(|e| e.desc().to_string())?;
    let (kind, remote) = kind(found.filesystem_type().0 as i64);
    let block = u64::try_from(found.block_size()).unwrap_or(0);
    Ok(Room {
        kind,
        remote,
        free: found.blocks_available().saturating_mul(block),
        inodes: Some(found.files_free()).filter(|_| found.files() > 0),
    })
}

#[cfg(not(target_os = "linux"))]
fn room(_: &Path) -> Item<Room> {
    Err("not asked on this system".into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_number() {
        let table = [
            (0x6969, "nfs", true),
            (0xEF53, "ext4", false),
            (i64::from(0xFF53_4D42_u32 as i32), "cifs", true),
            (0x1234, "file system 0x1234", false),
        ];
        for (magic, name, remote) in table {
            assert_eq!(kind(magic), (name.to_string(), remote));
        }
    }

    #[test]
    fn a_place_that_is_not_there_yet_has_the_room_of_its_parent() {
        let dir = std::env::temp_dir();
        let dirs = [("A", dir.clone()), ("B", dir.join("x/y/z"))];
        let [a, b] = look(&dirs).try_into().unwrap();
        let (a, b): (Room, Room) = (a.room.unwrap(), b.room.unwrap());
        assert_eq!(a.kind, b.kind);
        assert!(!a.full() && a.free > 0);
    }
}
