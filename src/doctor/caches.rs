//! The directories that go and gosteady write to.

use super::check::{Check, Layer, Verdict};
use super::subject::Subject;
use crate::cause::Cause;
use crate::supervise::locks::{self, Holder};
use crate::ui::words::bytes;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::statvfs::{Statvfs, statvfs};
use nix::unistd::{Uid, geteuid};
use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Below this a download or a build fails soon, in bytes.
const NO_SPACE: u64 = 100 << 20;
/// Below this a large one may.
const LITTLE_SPACE: u64 = 1 << 30;

/// What makes room.
const ROOM: &str = "go clean -cache makes room; go clean -modcache too, where the network can refill it";

/// So many entries of a directory are looked at.
const ENTRIES: usize = 300;

/// A directory and what it is for.
struct Cache {
    name: &'static str,
    path: PathBuf,
    /// Whether go builds and runs programs there.
    runs: bool,
}

/// All of them, where they can be told.
fn caches(subject: &Subject) -> Vec<Cache> {
    let env = &subject.env;
    let temporary = subject
        .world
        .set_var("TMPDIR")
        .map_or("/tmp".into(), PathBuf::from);
    let all = [
        ("GOMODCACHE", env.gomodcache(), false),
        ("GOCACHE", env.gocache(&subject.world), false),
        (
            "GOTMPDIR",
            Some(env.get("GOTMPDIR").map_or(temporary, PathBuf::from)),
            true,
        ),
        ("gosteady's state", subject.world.state_dir(), false),
    ];
    all.into_iter()
        .filter_map(|(name, path, runs)| {
            Some(Cache {
                name,
                path: path?,
                runs,
            })
        })
        .collect()
}

/// One check for each: a file system that hangs keeps nothing else back. And one for how they lie to each other.
pub fn checks(subject: &Subject) -> Vec<Check> {
    let each = caches(subject).into_iter().map(|cache| {
        let name = format!("{} ({})", cache.name, cache.path.display());
        Check::new(&name, Layer::Caches, move |_| {
            let mut verdict = Verdict::default();
            one(&cache, &mut verdict);
            verdict
        })
    });
    each.chain([Check::new("the caches", Layer::Caches, together)])
        .collect()
}

fn together(subject: &Subject) -> Verdict {
    let mut verdict = Verdict::default();
    let caches = caches(subject);
    if caches.iter().all(|c| c.name != "GOMODCACHE") {
        verdict.found(
            "cache-missing",
            "there is no place for the module cache",
            "neither GOMODCACHE nor GOPATH nor HOME is set",
            "export HOME=/somewhere, or GOMODCACHE and GOCACHE",
        );
    }
    for (n, a) in caches.iter().enumerate() {
        for (m, b) in caches.iter().enumerate() {
            let nested = n != m && !a.runs && !b.runs && a.path.starts_with(&b.path);
            if nested && (a.path != b.path || n < m) {
                verdict.found(
                    "cache-nested",
                    format!("{} lies inside {}", a.name, b.name),
                    format!("{} and {}", a.path.display(), b.path.display()),
                    "give each a directory of its own",
                );
            }
        }
    }
    verdict
}

fn one(cache: &Cache, verdict: &mut Verdict) {
    let Cache { name, path, .. } = cache;
    let shown = path.display().to_string();
    if !path.is_absolute() {
        return verdict.found(
            "cache-not-absolute",
            format!("{name} is not an absolute path"),
            shown,
            format!("go env -w {name}=/absolute/path"),
        );
    }
    // What is not there yet is made below the nearest directory that is.
    let Some((dir, metadata)) = path
        .ancestors()
        .find_map(|dir| Some((dir, std::fs::metadata(dir).ok()?)))
    else {
        return;
    };
    if !metadata.is_dir() {
        return verdict.found(
            "cache-not-directory",
            format!("{name} can't be made: {} is a file", dir.display()),
            shown,
            format!("move {} aside", dir.display()),
        );
    }
    if dir == path {
        owner_and_mode(cache, &metadata, verdict);
    }
    let writable = try_writing(dir);
    let mut full = false;
    if let Err(Trial { step, why }) = &writable {
        full = matches!(why.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
        let id = match *step {
            _ if full => "cache-space",
            "lock" => "cache-no-locks",
            _ => "cache-not-writable",
        };
        let fix = match why.kind() {
            _ if full => ROOM.to_owned(),
            ErrorKind::ReadOnlyFilesystem => {
                format!("mount it writable, or name another place: go env -w {name}=/absolute/path")
            }
            _ => format!("ls -ld {}; id", dir.display()),
        };
        let text = why.to_string();
        verdict.found(
            id,
            format!("{name}: {step} failed in {}", dir.display()),
            text.split(" (os error").next().unwrap_or_default(),
            fix,
        );
    }
    if matches!(writable, Ok(true)) && *name == "GOMODCACHE" {
        verdict.found(
            "cache-case-insensitive",
            format!("{} does not tell upper from lower case", dir.display()),
            shown.clone(),
            "",
        );
    }
    if *name == "GOMODCACHE" {
        held(path, verdict);
    }
    room(cache, dir, full, verdict);
}

/// The lock that every download and extraction takes (modfetch's SideLock).
fn held(cache: &Path, verdict: &mut Verdict) {
    let lock = cache.join("cache/lock");
    let Some(holder) = locks::holder(&lock) else {
        return;
    };
    let who = match holder {
        Holder::Seen { pid, command, age } => {
            let age = age
                .map(|age| format!(", for {} s", age.as_secs()))
                .unwrap_or_default();
            format!("process {pid} ({command}){age}")
        }
        Holder::Outside => "a process of another container or machine".to_owned(),
    };
    verdict.cause(
        Cause::CacheLockHeld,
        "the module cache is locked right now",
        format!("{}: held by {who}", lock.display()),
        "",
    );
}

fn owner_and_mode(cache: &Cache, metadata: &Metadata, verdict: &mut Verdict) {
    let Cache { name, path, runs } = cache;
    let mode = metadata.permissions().mode() & 0o7777;
    let seen = format!("{}: owner {}, mode {mode:04o}", path.display(), metadata.uid());
    let me = geteuid();
    // With the sticky bit, as on /tmp, it is a place for everybody: what others keep there is theirs, and nobody
    // can touch what is not his own.
    let shared = mode & 0o1000 != 0;
    if metadata.uid() != me.as_raw() && !runs && !shared {
        let root = Uid::from_raw(metadata.uid()).is_root();
        verdict.found(
            "cache-foreign-owner",
            format!("{name} belongs to {}", if root { "root" } else { "another user" }),
            seen.clone(),
            format!("sudo chown -R \"$(id -u):$(id -g)\" {}", path.display()),
        );
    }
    // What `sudo go` left behind.
    if metadata.uid() == me.as_raw()
        && !shared
        && let Some((file, owner)) = foreign_below(path, me.as_raw())
    {
        verdict.found(
            "cache-foreign-owner",
            format!("{name} holds what belongs to another user"),
            format!("{}: owner {owner}", file.display()),
            format!("sudo chown -R \"$(id -u):$(id -g)\" {}", path.display()),
        );
    }
    if mode & 0o002 != 0 && !shared {
        verdict.found(
            "cache-world-writable",
            format!("everybody may write to {name}"),
            seen,
            format!("chmod o-w {}", path.display()),
        );
    }
}

/// Something near the top of a cache that another user owns.
fn foreign_below(cache: &Path, me: u32) -> Option<(PathBuf, u32)> {
    let dirs = [
        cache.to_path_buf(),
        cache.join("cache"),
        cache.join("cache/download"),
    ];
    let entries = dirs
        .iter()
        .filter_map(|dir| std::fs::read_dir(dir).ok())
        .flat_map(|entries| entries.flatten().take(ENTRIES));
    entries
        .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?.uid())))
        .find(|(_, owner)| *owner != me)
}

struct Trial {
    step: &'static str,
    why: std::io::Error,
}

/// Writes a file, locks it and renames it, as go does; removes it again. True where a name in capitals finds it too.
fn try_writing(dir: &Path) -> Result<bool, Trial> {
    let trial = |step: &'static str| move |why: std::io::Error| Trial { step, why };
    let file = tempfile::Builder::new()
        .prefix(".gosteady-doctor-")
        .tempfile_in(dir);
    let file = file.map_err(trial("writing a file"))?;
    std::io::Write::write_all(&mut file.as_file(), b"gosteady doctor\n").map_err(trial("writing a file"))?;
    let descriptor = file.as_file().try_clone().map_err(trial("writing a file"))?;
    match Flock::lock(descriptor, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => drop(lock),
        Err((_, errno)) => return Err(trial("lock")(errno.into())),
    }
    let name = file
        .path()
        .file_name()
        .map(|n| n.to_string_lossy().to_uppercase())
        .unwrap_or_default();
    let folded = dir.join(name).exists();
    let moved = file.path().with_extension("moved");
    let (_, from) = file.keep().map_err(|e| trial("writing a file")(e.error))?;
    let renamed = std::fs::rename(&from, &moved);
    let _ = std::fs::remove_file(if renamed.is_ok() { &moved } else { &from });
    renamed.map_err(trial("renaming a file"))?;
    Ok(folded)
}

fn room(cache: &Cache, dir: &Path, full: bool, verdict: &mut Verdict) {
    let Ok(stat) = statvfs(dir) else { return };
    let Cache { name, path, runs } = cache;
    // The fields are 32 bits wide on some systems.
    #[allow(clippy::useless_conversion, clippy::unnecessary_cast)]
    let (free, inodes, all) = (
        stat.blocks_available() as u64 * stat.fragment_size() as u64,
        stat.files_available() as u64,
        stat.files() as u64,
    );
    let kind = filesystem(dir);
    verdict.saw(format!(
        "{name}: {} ({}{} free)",
        path.display(),
        kind.as_ref()
            .map(|(kind, _)| format!("{kind}, "))
            .unwrap_or_default(),
        bytes(free)
    ));
    let seen = format!("{}: {} and {inodes} inodes free", dir.display(), bytes(free));
    if full {
        // It has been said.
    } else if free < NO_SPACE || (all > 0 && inodes < 1000) {
        verdict.found("cache-space", format!("{name}: the disk is full"), seen, ROOM);
    } else if free < LITTLE_SPACE {
        verdict.found(
            "cache-space-low",
            format!("{name}: the disk is nearly full"),
            seen,
            ROOM,
        );
    }
    if *runs && is_noexec(&stat) {
        verdict.found(
            "cache-noexec",
            format!("programs can't be run in {}", path.display()),
            "mounted noexec",
            "export GOTMPDIR=/a/directory/that/may/run/programs",
        );
    }
    if let Some((kind, true)) = kind {
        verdict.found(
            "cache-network-filesystem",
            format!("{name} lies on {kind}"),
            path.display().to_string(),
            format!("go env -w {name}=/a/local/directory"),
        );
    }
}

/// Whether programs can't be run there. Only Linux says so in what statvfs(3) answers.
#[cfg(target_os = "linux")]
fn is_noexec(stat: &Statvfs) -> bool {
    stat.flags().contains(nix::sys::statvfs::FsFlags::ST_NOEXEC)
}

#[cfg(not(target_os = "linux"))]
fn is_noexec(_: &Statvfs) -> bool {
    false
}

/// The kind of file system, and whether its files may be far away.
#[cfg(target_os = "linux")]
fn filesystem(dir: &Path) -> Option<(String, bool)> {
    let found = nix::sys::statfs::statfs(dir).ok()?;
    Some(crate::supervise::places::kind(found.filesystem_type().0 as i64))
}

#[cfg(not(target_os = "linux"))]
fn filesystem(_: &Path) -> Option<(String, bool)> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(cache: &Cache) -> Vec<&'static str> {
        let mut verdict = Verdict::default();
        one(cache, &mut verdict);
        let ids = verdict.findings.iter().map(|f| f.id);
        ids.filter(|id| !id.starts_with("cache-space")).collect()
    }

    #[test]
    fn files_of_others_are_no_fault_in_a_shared_directory() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        std::fs::write(&file, "x").unwrap();
        if std::os::unix::fs::chown(&file, Some(12345), None).is_err() {
            crate::ui::note("skipped: files_of_others_are_no_fault_in_a_shared_directory: not root");
            return;
        }
        let cache = || Cache {
            name: "GOTMPDIR",
            path: home.path().into(),
            runs: true,
        };
        assert_eq!(ids(&cache()), ["cache-foreign-owner"]);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o1777);
        std::fs::set_permissions(home.path(), mode).unwrap();
        assert_eq!(ids(&cache()), [""; 0]);
    }

    #[test]
    fn directories_are_tried_and_left_as_they_were() {
        let home = tempfile::tempdir().unwrap();
        let cache = |path: PathBuf| Cache {
            name: "GOMODCACHE",
            path,
            runs: false,
        };
        assert!(ids(&cache(home.path().join("not/yet"))).is_empty());
        assert!(ids(&cache(home.path().into())).is_empty());
        assert_eq!(ids(&cache("relative".into())), ["cache-not-absolute"]);
        let file = home.path().join("file");
        std::fs::write(&file, "x").unwrap();
        assert_eq!(ids(&cache(file.join("below"))), ["cache-not-directory"]);
        let open = home.path().join("open");
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, PermissionsExt::from_mode(0o777)).unwrap();
        assert_eq!(ids(&cache(open.clone())), ["cache-world-writable"]);
        assert_eq!(std::fs::read_dir(&open).unwrap().count(), 0, "nothing is left");
        std::fs::set_permissions(&open, PermissionsExt::from_mode(0o555)).unwrap();
        let closed = ids(&cache(open.clone()));
        assert!(
            geteuid().is_root() || closed == ["cache-not-writable"],
            "{closed:?}"
        );
        // What root finds below a directory of its own: in a cache it is left over, in /tmp it belongs there.
        if geteuid().is_root() {
            let file = open.join("theirs");
            std::fs::write(&file, "").unwrap();
            std::os::unix::fs::chown(&file, Some(65534), None).unwrap();
            for (mode, found) in [(0o755, &["cache-foreign-owner"][..]), (0o1777, &[])] {
                std::fs::set_permissions(&open, PermissionsExt::from_mode(mode)).unwrap();
                assert_eq!(ids(&cache(open.clone())), found, "{mode:o}");
            }
        }
    }
}
