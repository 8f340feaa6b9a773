//! The directories that go and gosteady write to.

use super::check::Verdict;
use super::subject::Subject;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{Uid, geteuid};
use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Below this a download or a build fails soon, in bytes.
const NO_SPACE: u64 = 100 << 20;
/// Below this a large one may.
const LITTLE_SPACE: u64 = 1 << 30;

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

/// Looks at each.
pub fn look(subject: &Subject) -> Verdict {
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
    for cache in &caches {
        one(cache, &mut verdict);
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
    if let Err(Trial { step, why }) = &writable {
        let id = if *step == "lock" {
            "cache-no-locks"
        } else {
            "cache-not-writable"
        };
        verdict.found(
            id,
            format!("{name}: {step} failed in {}", dir.display()),
            why.clone(),
            format!("ls -ld {}; df -h {}", dir.display(), dir.display()),
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
    room(cache, dir, verdict);
}

fn owner_and_mode(cache: &Cache, metadata: &Metadata, verdict: &mut Verdict) {
    let Cache { name, path, runs } = cache;
    let mode = metadata.permissions().mode() & 0o7777;
    let seen = format!("{}: owner {}, mode {mode:04o}", path.display(), metadata.uid());
    let me = geteuid();
    if metadata.uid() != me.as_raw() && !runs {
        let root = Uid::from_raw(metadata.uid()).is_root();
        verdict.found(
            "cache-foreign-owner",
            format!("{name} belongs to {}", if root { "root" } else { "another user" }),
            seen.clone(),
            format!("sudo chown -R \"$(id -u):$(id -g)\" {}", path.display()),
        );
    }
    // With the sticky bit, as on /tmp, others can't touch what is not theirs.
    if mode & 0o002 != 0 && mode & 0o1000 == 0 {
        verdict.found(
            "cache-world-writable",
            format!("everybody may write to {name}"),
            seen,
            format!("chmod o-w {}", path.display()),
        );
    }
}

struct Trial {
    step: &'static str,
    why: String,
}

/// Writes a file, locks it and renames it, as go does; removes it again. True where a name in capitals finds it too.
fn try_writing(dir: &Path) -> Result<bool, Trial> {
    let trial = |step: &'static str| {
        move |e: std::io::Error| Trial {
            step,
            why: e.to_string(),
        }
    };
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

fn room(cache: &Cache, dir: &Path, verdict: &mut Verdict) {
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
        "{name}: {} ({}{} MiB free)",
        path.display(),
        kind.map(|k| format!("{k}, ")).unwrap_or_default(),
        free >> 20
    ));
    let seen = format!("{}: {} MiB and {inodes} inodes free", dir.display(), free >> 20);
    let fix = "go clean -modcache and go clean -cache make room, where the network can refill them";
    if free < NO_SPACE || (all > 0 && inodes < 1000) {
        verdict.found("cache-space", format!("{name}: the disk is full"), seen, fix);
    } else if free < LITTLE_SPACE {
        verdict.found(
            "cache-space-low",
            format!("{name}: the disk is nearly full"),
            seen,
            fix,
        );
    }
    if *runs && stat.flags().contains(FsFlags::ST_NOEXEC) {
        verdict.found(
            "cache-noexec",
            format!("programs can't be run in {}", path.display()),
            "mounted noexec",
            "export GOTMPDIR=/a/directory/that/may/run/programs",
        );
    }
    if let Some(kind) = kind.filter(|k| ["nfs", "9p", "smb", "fuse"].contains(k)) {
        verdict.found(
            "cache-network-filesystem",
            format!("{name} lies on {kind}"),
            path.display().to_string(),
            format!("go env -w {name}=/a/local/directory"),
        );
    }
}

/// The kind of file system, where it is one that matters. Source: statfs(2).
#[cfg(target_os = "linux")]
fn filesystem(dir: &Path) -> Option<&'static str> {
    let magic = nix::sys::statfs::statfs(dir).ok()?.filesystem_type().0 as u64;
    Some(match magic & 0xffff_ffff {
        0x6969 => "nfs",
        0x0102_1997 => "9p",
        0xff53_4d42 | 0xfe53_4d42 | 0x517b => "smb",
        0x6573_5546 => "fuse",
        0x794c_7630 => "overlay",
        0x0102_1994 => "tmpfs",
        0xef53 => "ext4",
        0x5846_5342 => "xfs",
        0x9123_683e => "btrfs",
        0x2fc1_2fc1 => "zfs",
        _ => return None,
    })
}

#[cfg(not(target_os = "linux"))]
fn filesystem(_: &Path) -> Option<&'static str> {
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
        let closed = ids(&cache(open));
        assert!(
            geteuid().is_root() || closed == ["cache-not-writable"],
            "{closed:?}"
        );
    }
}
