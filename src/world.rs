//! Everything ambient, read once: arguments, variables, the working directory.
//!
//! Nothing below reads the process's surroundings by itself; it takes a [`World`], which a test can fill.

use std::ffi::{CStr, OsStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// The variables that gosteady reads or sets, one line each; `docs/environment.md` is made of this table.
pub const VARIABLES: &[(&str, &str)] = &[
    (
        "GOSTEADY_BYPASS",
        "1: a pure pass-through; the real go is run and nothing else happens",
    ),
    (
        "GOSTEADY_FAILOVER",
        "safe (default), go or always: when the next upstream may be asked",
    ),
    (
        "GOSTEADY_PATIENCE",
        "how long silence is borne where nobody else may be asked; 10m",
    ),
    ("GOSTEADY_TRACE", "off, a file or a directory for the trace"),
    ("GOSTEADY_PROGRESS", "auto, always or never"),
    ("GOSTEADY_GO_VERSION", "the exact Go version to run"),
    (
        "GOSTEADY_REAL_GO",
        "the path of the go to run, in place of the next one on PATH",
    ),
    (
        "GOSTEADY_FORCE_GUARD",
        "set: no memo, every command that may download is guarded; for tests",
    ),
    (
        "GOSTEADY_DEPTH",
        "set by gosteady: how many shims stand above this process",
    ),
    (
        "GOSTEADY_USER_GOTOOLCHAIN",
        "set by gosteady where a pin sets GOTOOLCHAIN for the child: `OURS:=THEIRS`, or `OURS:-` when it was unset",
    ),
    (
        "GOSTEADY_USER_GOROOT",
        "the same for GOROOT, which a pin changes only where it was set",
    ),
    (
        "GOSTEADY_USER_GOPROXY",
        "set by gosteady for a guarded child: the user's own GOPROXY, `=VALUE`, or `-` when unset",
    ),
];

/// What surrounds the process.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// The name we were called by.
    pub argv0: OsString,
    /// The path that was executed, as the caller gave it; `None` where the system does not tell.
    pub executed: Option<OsString>,
    /// The arguments after it.
    pub args: Vec<OsString>,
    /// The environment, in its order; the first of two equal names counts.
    pub env: Vec<(OsString, OsString)>,
    /// The working directory under the name that go has for it (PWD, where that leads there); `None` if it is gone or
    /// can't be read.
    pub cwd: Option<PathBuf>,
    /// Our own executable, links resolved; `None` where the system does not tell.
    pub exe: Option<PathBuf>,
    /// Whether `env` differs from what the process was given.
    pub env_changed: bool,
}

/// The arguments of a C `main`, the name first. In a program with such an entry point std knows them only on some
/// systems (glibc and macOS tell them by ways of their own; musl and FreeBSD do not).
///
/// # Safety
/// `argv` points to `count` strings that live as long as the process, as it does in `main` (C11 5.1.2.2.1).
pub unsafe fn arguments(count: c_int, argv: *const *const c_char) -> Vec<OsString> {
    let count = usize::try_from(count).unwrap_or(0);
    (0..count)
        // SAFETY: within the array, and each a string that ends with NUL, by the contract above.
        .map(|i| owned(unsafe { CStr::from_ptr(*argv.add(i)) }))
        .collect()
}

fn owned(text: &CStr) -> OsString {
    OsStr::from_bytes(text.to_bytes()).to_os_string()
}

impl World {
    /// Reads the surroundings. `argv`: as [`arguments`] has them.
    pub fn capture(argv: Vec<OsString>) -> World {
        let mut argv = argv.into_iter();
        World {
            argv0: argv.next().unwrap_or_default(),
            executed: executed(),
            args: argv.collect(),
            env: std::env::vars_os().collect(),
            cwd: working_dir(),
            exe: std::env::current_exe().ok(),
            env_changed: false,
        }
    }

    /// The same surroundings with another environment.
    pub fn with_env(&self, env: Vec<(OsString, OsString)>) -> World {
        World {
            env,
            env_changed: true,
            ..self.clone()
        }
    }

    /// The environment, where it differs from what the process was given.
    pub fn changed_env(&self) -> Option<&[(OsString, OsString)]> {
        self.env_changed.then_some(&self.env)
    }

    /// A variable as it is, also when empty.
    pub fn var(&self, name: &str) -> Option<&OsStr> {
        self.env
            .iter()
            .find(|(k, _)| k.as_bytes() == name.as_bytes())
            .map(|(_, v)| v.as_os_str())
    }

    /// A variable that is set to something.
    pub fn set_var(&self, name: &str) -> Option<&OsStr> {
        self.var(name).filter(|v| !v.is_empty())
    }

    /// A variable that is set to something, where it is UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.set_var(name).and_then(OsStr::to_str)
    }

    /// The home directory, `None` where HOME is unset, empty or relative.
    pub fn home(&self) -> Option<&Path> {
        self.absolute("HOME")
    }

    /// The directory for traces, the memo and what was learnt: `$XDG_STATE_HOME/gosteady`.
    pub fn state_dir(&self) -> Option<PathBuf> {
        self.xdg("XDG_STATE_HOME", ".local/state")
    }

    /// The same, where something may be kept in it. A home that is not there is not made: plain go would not find it made
    /// either.
    pub fn keeping_dir(&self) -> Option<PathBuf> {
        let dir = self.state_dir()?;
        let homeless = self
            .home()
            .is_some_and(|home| dir.starts_with(home) && !home.is_dir());
        (!homeless).then_some(dir)
    }

    /// The directory of the user's configuration: `$XDG_CONFIG_HOME/gosteady`.
    pub fn config_dir(&self) -> Option<PathBuf> {
        self.xdg("XDG_CONFIG_HOME", ".config")
    }

    /// The directories of PATH, in order; an empty one is left out.
    pub fn path_dirs(&self) -> impl Iterator<Item = &Path> {
        let path = self.set_var("PATH").unwrap_or_default().as_bytes();
        let dirs = path.split(|b| *b == b':').filter(|dir| !dir.is_empty());
        dirs.map(|dir| Path::new(OsStr::from_bytes(dir)))
    }

    /// A path that the user gave, from the working directory on and without `..`: its parents are what they seem.
    pub fn given(&self, path: &Path) -> PathBuf {
        let joined = self.cwd.as_deref().unwrap_or(Path::new("")).join(path);
        let clean = clean(&joined);
        // Behind a link `..` is another directory than its name says.
        match id(&joined) == id(&clean) {
            true => clean,
            false => std::fs::canonicalize(&joined).unwrap_or(clean),
        }
    }

    /// The program of this name that PATH gives, or the one at this path.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        let cwd = self.cwd.as_deref().unwrap_or(Path::new("/"));
        which::which_in(name, self.var("PATH"), cwd).ok()
    }

    fn xdg(&self, name: &str, fallback: &str) -> Option<PathBuf> {
        let base = match self.absolute(name) {
            Some(dir) => dir.to_path_buf(),
            None => self.home()?.join(fallback),
        };
        Some(base.join("gosteady"))
    }

    // XDG Base Directory Specification: a relative path is invalid and ignored.
    fn absolute(&self, name: &str) -> Option<&Path> {
        self.set_var(name).map(Path::new).filter(|p| p.is_absolute())
    }
}

#[cfg(target_os = "linux")]
fn executed() -> Option<OsString> {
    // SAFETY: a look at what the kernel left (getauxval(3)): 0, or a string that lives as long as the process.
    let path = unsafe {
        let path = libc::getauxval(libc::AT_EXECFN) as *const c_char;
        (!path.is_null()).then(|| CStr::from_ptr(path))
    };
    path.map(owned)
}

#[cfg(not(target_os = "linux"))]
fn executed() -> Option<OsString> {
    None
}

// Source: os.Getwd, which go looks for go.mod and go.work from: where a link was entered, they may lie above its name.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads it")]
fn working_dir() -> Option<PathBuf> {
    let real = std::env::current_dir().ok();
    let named = std::env::var_os("PWD").map(PathBuf::from);
    let named = named.filter(|named| named.is_absolute() && Some(named) != real.as_ref());
    named
        .map(|named| clean(&named))
        .filter(|named| is_here(named))
        .or(real)
}

fn is_here(dir: &Path) -> bool {
    id(dir).is_some_and(|dir| Some(dir) == id(Path::new(".")))
}

// Which file it is; `None` where there is none.
fn id(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).map(|m| (m.dev(), m.ino())).ok()
}

/// A path without `.` and with `..` worked out; links are not looked at, as go does not (path/filepath: Clean).
pub fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match (part, clean.components().next_back()) {
            (Component::CurDir, _) | (Component::ParentDir, Some(Component::RootDir)) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => _ = clean.pop(),
            _ => clean.push(part),
        }
    }
    clean
}

/// The nearest file of this name at or above a directory.
pub fn nearest_file(dir: &Path, name: &str) -> Option<PathBuf> {
    dir.ancestors()
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
}

/// The root of the repository around a directory: the nearest one with a `.git`, which is a file in a worktree.
pub fn repository(dir: &Path) -> Option<&Path> {
    dir.ancestors()
        .find(|dir| dir.join(".git").symlink_metadata().is_ok())
}

/// This machine's system and architecture in go's words, e.g. `("linux", "amd64")`.
pub fn platform() -> (&'static str, &'static str) {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" => "ppc64",
        "loongarch64" => "loong64",
        arch => arch,
    };
    (os, arch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(env: &[(&str, &str)]) -> World {
        World {
            env: env.iter().map(|(k, v)| (k.into(), v.into())).collect(),
            ..World::default()
        }
    }

    #[test]
    fn arguments_of_main() {
        let words = [c"go", c"", c"a b", c"\xff"];
        let mut argv: Vec<_> = words.iter().map(|word| word.as_ptr()).collect();
        argv.push(std::ptr::null());
        // SAFETY: four strings, and the NULL that ends what main gets.
        let read = |count| unsafe { arguments(count, argv.as_ptr()) };
        let want: Vec<_> = words.iter().map(|w| OsStr::from_bytes(w.to_bytes())).collect();
        assert_eq!(read(4), want);
        assert!(read(0).is_empty());
    }

    #[test]
    fn directories_follow_the_xdg_rules() {
        let w = world(&[("HOME", "/h"), ("XDG_STATE_HOME", "relative")]);
        assert_eq!(w.state_dir().unwrap(), Path::new("/h/.local/state/gosteady"));
        assert_eq!(
            world(&[("XDG_STATE_HOME", "/s")]).state_dir().unwrap(),
            Path::new("/s/gosteady")
        );
        assert_eq!(world(&[("HOME", "")]).state_dir(), None);
    }

    #[test]
    fn paths_are_cleaned_as_go_does() {
        for (path, expected) in [
            ("/a/./b/../c/", "/a/c"),
            ("/../a", "/a"),
            ("../a/../../b", "../../b"),
            ("a//b/.", "a/b"),
        ] {
            assert_eq!(clean(Path::new(path)).to_str(), Some(expected), "{path}");
        }
    }

    #[test]
    fn what_the_user_names_has_the_parents_that_it_seems_to_have() {
        let temporary = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(temporary.path()).unwrap();
        std::fs::create_dir_all(root.join("a/below")).unwrap();
        std::os::unix::fs::symlink("a/below", root.join("link")).unwrap();
        let at = |cwd: &str| World {
            cwd: Some(root.join(cwd)),
            ..World::default()
        };
        for (cwd, path, expected) in [
            ("a", "../link", "link"),
            ("a", "./below/..", "a"),
            ("a", "../none", "none"),
            ("link", "..", "a"),
            ("link", "../../link", "a/below"),
            ("link", ".", "link"),
        ] {
            assert_eq!(
                at(cwd).given(Path::new(path)),
                root.join(expected),
                "{cwd} {path}"
            );
        }
    }

    #[test]
    fn the_first_of_two_equal_names_counts() {
        let w = world(&[("A", "1"), ("A", "2"), ("B", "")]);
        assert_eq!(w.text("A"), Some("1"));
        assert_eq!((w.var("B").is_some(), w.set_var("B")), (true, None));
    }
}
