//! A place where nothing of the user's is read or written, with our shim before the real go on PATH.

use super::run::{self, Ended};
use gosteady::drill::Store;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The longest that a program of a test may take; reached only when something is broken. The first one compiles the
/// standard library, and the machine may have little time for it.
const LIMIT: Duration = Duration::from_secs(300);

/// Directories and an environment of one test; everything is removed at its end.
pub struct Sandbox {
    dir: tempfile::TempDir,
    real: PathBuf,
    env: BTreeMap<OsString, OsString>,
    limit: Duration,
}

impl Drop for Sandbox {
    /// Every record that any test leaves is held against the published schema.
    fn drop(&mut self) {
        let faults = super::schema::faults_below(&self.path("state/gosteady/traces"));
        if !std::thread::panicking() {
            assert!(faults.is_empty(), "{}", faults.join("\n"));
        }
    }
}

impl Sandbox {
    /// A sandbox over the go in this directory; its project is empty.
    pub fn new(real: &Path) -> Sandbox {
        Sandbox::build(Some(real))
    }

    /// A sandbox over the fake go; `None` where that cannot run.
    pub fn fake(test: &str) -> Option<Sandbox> {
        let mut sandbox = Sandbox::build(None);
        let out = sandbox.path("out");
        std::fs::create_dir(&out).expect("a directory");
        sandbox.set("FAKEGO_OUT", out);
        super::fakego::install(&sandbox.real, test).then_some(sandbox)
    }

    fn build(real: Option<&Path>) -> Sandbox {
        let dir = tempfile::Builder::new()
            .prefix("gosteady-test-")
            .tempdir()
            .expect("a temporary directory");
        let sandbox = Sandbox {
            real: real.map_or_else(|| dir.path().join("fakego"), Path::to_path_buf),
            env: BTreeMap::new(),
            limit: LIMIT,
            dir,
        };
        for name in ["shims", "tmp"] {
            std::fs::create_dir(sandbox.path(name)).expect("a directory");
        }
        for name in ["go", "gofmt"] {
            symlink(env!("CARGO_BIN_EXE_gosteady"), sandbox.path("shims").join(name)).expect("a link");
        }
        let mut sandbox = sandbox.with_defaults();
        sandbox.fresh();
        sandbox
    }

    /// The same with the project of a store.
    pub fn with(real: &Path, store: &Store) -> Sandbox {
        let sandbox = Sandbox::new(real);
        store.write_project(&sandbox.project()).expect("the project");
        sandbox
    }

    fn with_defaults(mut self) -> Sandbox {
        let path = std::env::join_paths([
            self.path("shims"),
            self.real.clone(),
            "/usr/bin".into(),
            "/bin".into(),
        ])
        .expect("no colon in a path");
        self.set("PATH", path);
        for (name, place) in [
            ("HOME", "home"),
            ("XDG_STATE_HOME", "state"),
            ("XDG_CONFIG_HOME", "home/.config"),
            ("GOPATH", "gopath"),
            ("GOMODCACHE", "modcache"),
            ("TMPDIR", "tmp"),
        ] {
            let place = self.path(place);
            self.set(name, place);
        }
        // Compiled packages are the same for all tests, and std takes long to compile.
        self.set("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("gocache"));
        for (name, value) in [
            ("GOENV", "off"),
            ("GOFLAGS", "-modcacherw"),
            ("GOSUMDB", "off"),
            ("GOTOOLCHAIN", "local"),
            ("CGO_ENABLED", "0"),
            ("LC_ALL", "C"),
        ] {
            self.set(name, value);
        }
        self
    }

    /// A path in the sandbox.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The directory of the go behind the shim.
    pub fn real(&self) -> &Path {
        &self.real
    }

    /// The directory that commands run in.
    pub fn project(&self) -> PathBuf {
        self.path("project")
    }

    /// The module cache.
    pub fn modcache(&self) -> PathBuf {
        self.path("modcache")
    }

    /// Empties home, state, module cache and project.
    pub fn fresh(&mut self) -> &mut Sandbox {
        for name in ["home", "state", "gopath", "modcache", "project"] {
            let path = self.path(name);
            super::tree::remove(&path);
            std::fs::create_dir(&path).expect("a directory");
        }
        // No telemetry: its sidecar would outlive the test.
        let telemetry = self.path("home/.config/go/telemetry");
        std::fs::create_dir_all(&telemetry).expect("a directory");
        std::fs::write(telemetry.join("mode"), "off 2024-01-01\n").expect("the telemetry mode");
        self
    }

    pub fn set(&mut self, name: &str, value: impl AsRef<OsStr>) -> &mut Sandbox {
        self.env.insert(name.into(), value.as_ref().into());
        self
    }

    pub fn unset(&mut self, name: &str) -> &mut Sandbox {
        self.env.remove(OsStr::new(name));
        self
    }

    /// Settings that make every bound short, unless the suite runs in full.
    pub fn hurry(&mut self) -> &mut Sandbox {
        if !super::full() {
            for (name, value) in [
                ("GOSTEADY_PROXY_CONNECT_TIMEOUT", "1s"),
                ("GOSTEADY_PROXY_FIRST_ANSWER", "1s"),
                ("GOSTEADY_PROXY_HEDGE_AFTER", "300ms"),
                ("GOSTEADY_PROXY_STALL_TIMEOUT", "2s"),
                ("GOSTEADY_PROXY_RETRY_FOR", "2s"),
                ("GOSTEADY_PATIENCE", "3s"),
            ] {
                self.set(name, value);
            }
        } else {
            self.limit = Duration::from_secs(1200);
        }
        self
    }

    /// Settings under which nothing that comes at all comes too late: for tests that count requests, or look at every
    /// word, on a machine that may be busy with other things.
    pub fn patient(&mut self) -> &mut Sandbox {
        for name in ["CONNECT_TIMEOUT", "FIRST_ANSWER", "HEDGE_AFTER", "STALL_TIMEOUT"] {
            self.set(&format!("GOSTEADY_PROXY_{name}"), "2m");
        }
        self.set("GOSTEADY_PATIENCE", "2m")
    }

    pub fn env(&self) -> &BTreeMap<OsString, OsString> {
        &self.env
    }

    /// A command in the project with the sandbox's environment and no other.
    pub fn command(&self, program: impl AsRef<OsStr>, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(self.project())
            .env_clear()
            .envs(&self.env);
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, command: &mut Command) -> Ended {
        run::bounded(command, b"", self.limit)
    }

    /// The same with something on stdin.
    pub fn run_with(&self, command: &mut Command, stdin: &[u8]) -> Ended {
        run::bounded(command, stdin, self.limit)
    }

    /// `go ARGS` through the shim.
    pub fn go(&self, args: &[&str]) -> Ended {
        self.run(&mut self.command(self.path("shims/go"), args))
    }

    /// `go ARGS` of the real go.
    pub fn plain(&self, args: &[&str]) -> Ended {
        let path: Vec<PathBuf> = std::env::split_paths(&self.env[OsStr::new("PATH")])
            .filter(|dir| *dir != self.path("shims"))
            .collect();
        let mut command = self.command(self.real.join("go"), args);
        command.env("PATH", std::env::join_paths(path).expect("no colon in a path"));
        self.run(&mut command)
    }

    /// The gosteady command line.
    pub fn gosteady(&self, args: &[&str]) -> Ended {
        self.run(&mut self.command(env!("CARGO_BIN_EXE_gosteady"), args))
    }

    /// How many module zips the cache holds.
    pub fn zips(&self) -> usize {
        super::tree::files(&self.modcache().join("cache/download"))
            .keys()
            .filter(|name| name.ends_with(".zip"))
            .count()
    }
}
