//! go's own settings as go will read them: environment, then the GOENV file, then `$GOROOT/go.env`.

use crate::bounded;
use crate::gomod::{envfile, quoted};
use crate::world::{World, nearest_file};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// The three sources, read once. Source of the order: cmd/go/internal/cfg/cfg.go (Getenv, initEnvCache); an empty
/// variable counts as unset.
#[derive(Debug, Clone, Default)]
pub struct GoEnv {
    /// Variables of the environment that are set to something.
    vars: Vec<(String, OsString)>,
    home: Option<PathBuf>,
    /// The user's file, where there is one.
    pub user: Vec<u8>,
    /// Whether the user's file is a pipe, so that what it says is not known here.
    pub is_for_go_alone: bool,
    /// `$GOROOT/go.env`; absent before Go 1.21.
    pub system: Vec<u8>,
    /// Where the go in question keeps its tree.
    pub goroot: Option<PathBuf>,
}

impl GoEnv {
    /// Reads the files for this go. A file that can't be read counts as empty, as it does for go.
    pub fn read(world: &World, go: &Path) -> GoEnv {
        GoEnv::read_at(world, || root_of(go))
    }

    /// The same where the tree of this go is known. It is not asked for where GOROOT is set.
    pub fn read_at(world: &World, root: impl FnOnce() -> Option<PathBuf>) -> GoEnv {
        let file = user_file(world);
        // `GOENV=<(…) go …`: what we took out of a pipe, go would not find in it. Even an open counts.
        let is_pipe = |f: &Path| std::fs::metadata(f).is_ok_and(|m| m.file_type().is_fifo());
        let is_for_go_alone = world.var("GOENV").is_some() && file.as_deref().is_some_and(is_pipe);
        let user = file
            .filter(|_| !is_for_go_alone)
            .and_then(|f| bounded::read_file(&f).ok());
        let mut env = GoEnv {
            vars: vars(world),
            home: world.home().map(Path::to_path_buf),
            user: user.unwrap_or_default(),
            is_for_go_alone,
            ..GoEnv::default()
        };
        env.goroot = match env.get("GOROOT") {
            Some(root) => Some(root.into()),
            None => root(),
        };
        env.system = env
            .goroot
            .as_ref()
            .and_then(|root| std::fs::read(root.join("go.env")).ok())
            .unwrap_or_default();
        env
    }

    /// The same with a variable of the environment set; not for GOROOT and GOENV, which say what is read.
    pub fn with_var(mut self, name: &str, value: &OsStr) -> GoEnv {
        self.vars.retain(|(n, _)| n != name);
        self.vars.push((name.to_string(), value.to_os_string()));
        self
    }

    /// A setting's value; `None` where it is set nowhere.
    pub fn get(&self, key: &str) -> Option<OsString> {
        if let Some((_, value)) = self.vars.iter().find(|(name, _)| name == key) {
            return Some(value.clone());
        }
        // A line of the user's file hides that of the system's, an empty one too.
        let line = envfile::value(&self.user, key).or_else(|| envfile::value(&self.system, key));
        line.filter(|v| !v.is_empty())
            .map(|v| OsString::from_vec(v.to_vec()))
    }

    /// A setting as text; `""` where it is unset or not UTF-8.
    pub fn text(&self, key: &str) -> String {
        self.get(key)
            .and_then(|v| v.into_string().ok())
            .unwrap_or_default()
    }

    /// GOPROXY as go reads it.
    pub fn goproxy(&self) -> String {
        self.or_compiled_in("GOPROXY", "https://proxy.golang.org,direct")
    }

    /// GOSUMDB as go reads it.
    pub fn gosumdb(&self) -> String {
        self.or_compiled_in("GOSUMDB", "sum.golang.org")
    }

    // Before Go 1.21 these defaults were compiled in; since then they stand in `$GOROOT/go.env`, and go says so where
    // they are missing.
    fn or_compiled_in(&self, key: &str, default: &str) -> String {
        match self.text(key) {
            unset if unset.is_empty() && self.system.is_empty() => default.to_owned(),
            set => set,
        }
    }

    /// The go.work in effect at a directory: the one that GOWORK names, else the nearest, unless GOWORK is `off`. Source:
    /// cmd/go/internal/modload/init.go (FindGoWork).
    pub fn gowork(&self, dir: &Path) -> Option<PathBuf> {
        match self.text("GOWORK").as_str() {
            "off" => None,
            "" | "auto" => nearest_file(dir, "go.work"),
            named => Some(dir.join(named)),
        }
    }

    /// The value that GOFLAGS gives a flag, the last one; empty for a flag without one.
    pub fn flag(&self, name: &str) -> Option<String> {
        let words = quoted::words(&self.text("GOFLAGS"));
        let flags = words.iter().rev().filter_map(|word| quoted::flag(word));
        let mut values = flags.filter(|(known, _)| *known == name).map(|(_, value)| value);
        Some(values.next()?.unwrap_or_default().to_string())
    }

    /// Whether GOFLAGS lets any build rewrite go.mod and go.sum.
    pub fn says_mod_mod(&self) -> bool {
        self.flag("mod").as_deref() == Some("mod")
    }

    /// GONOPROXY, which GOPRIVATE stands in for.
    pub fn gonoproxy(&self) -> String {
        self.get("GONOPROXY")
            .map_or_else(|| self.text("GOPRIVATE"), |v| v.into_string().unwrap_or_default())
    }

    /// GOMODCACHE: set, or under the first GOPATH, or under HOME.
    pub fn gomodcache(&self) -> Option<PathBuf> {
        if let Some(dir) = self.get("GOMODCACHE") {
            return Some(dir.into());
        }
        Some(self.gopath()?.join("pkg/mod"))
    }

    /// GOCACHE: set, or where go keeps it without; `None` where it is `off` or HOME is not set. Source:
    /// cmd/go/internal/cache/default.go (DefaultDir), os.UserCacheDir.
    pub fn gocache(&self, world: &World) -> Option<PathBuf> {
        match self.get("GOCACHE") {
            Some(off) if off == "off" => None,
            Some(dir) => Some(dir.into()),
            None if cfg!(target_os = "macos") => Some(world.home()?.join("Library/Caches/go-build")),
            None => match world.set_var("XDG_CACHE_HOME") {
                Some(dir) => Some(Path::new(dir).join("go-build")),
                None => Some(world.home()?.join(".cache/go-build")),
            },
        }
    }

    /// The first directory of GOPATH, or the one under HOME that go takes without it.
    pub fn gopath(&self) -> Option<PathBuf> {
        let gopath = self.get("GOPATH").and_then(|list| {
            let first = list
                .as_bytes()
                .split(|b| *b == b':')
                .next()
                .unwrap_or_default()
                .to_vec();
            (!first.is_empty()).then(|| PathBuf::from(OsString::from_vec(first)))
        });
        gopath.or_else(|| Some(self.home.as_ref()?.join("go")))
    }

    /// The version in `$GOROOT/VERSION`, e.g. `go1.26.6`.
    pub fn go_version(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.goroot.as_ref()?.join("VERSION")).ok()?;
        text.lines().next().map(str::to_string)
    }
}

// The variables that can be settings of go's.
fn vars(world: &World) -> Vec<(String, OsString)> {
    let set = world
        .env
        .iter()
        .filter(|(name, value)| is_gos(name.as_bytes()) && !value.is_empty());
    set.filter_map(|(name, value)| Some((name.to_str()?.to_string(), value.clone())))
        .collect()
}

// Those of internal/cfg/cfg.go (KnownEnv) that are of use here.
fn is_gos(name: &[u8]) -> bool {
    name.starts_with(b"GO") || name.starts_with(b"CGO_") || name == b"CC"
}

/// The GOROOT that a `go` or `gofmt` belongs to by where it lies, links resolved.
pub fn root_of(program: &Path) -> Option<PathBuf> {
    let real = std::fs::canonicalize(program).ok()?;
    Some(real.parent()?.parent()?.to_path_buf())
}

/// The file that `go env -w` writes: $GOENV, else `go/env` in the user's directory of configuration (os.UserConfigDir);
/// `None` where GOENV is `off`.
pub fn user_file(world: &World) -> Option<PathBuf> {
    match world.set_var("GOENV") {
        Some(v) if v == "off" => None,
        Some(v) => Some(v.into()),
        None => {
            let dir = if cfg!(target_os = "macos") {
                world.home()?.join("Library/Application Support")
            } else {
                match world.set_var("XDG_CONFIG_HOME").map(PathBuf::from) {
                    Some(dir) => dir,
                    None => world.home()?.join(".config"),
                }
            };
            Some(dir.join("go/env"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_sources() {
        let world = World {
            env: vec![("GOSUMDB".into(), "off".into()), ("GOFLAGS".into(), "".into())],
            ..World::default()
        };
        let env = GoEnv {
            vars: vars(&world),
            user: b"GOFLAGS=-mod=mod\nGOPRIVATE=corp\nGOPATH=/a:/b\n".to_vec(),
            system: b"GOPROXY=https://p,direct\nGOSUMDB=sum\n".to_vec(),
            ..GoEnv::default()
        };
        assert_eq!(env.text("GOSUMDB"), "off");
        assert_eq!(env.text("GOFLAGS"), "-mod=mod");
        assert_eq!(env.text("GOPROXY"), "https://p,direct");
        assert_eq!(env.gonoproxy(), "corp");
        assert_eq!(env.gomodcache().unwrap(), Path::new("/a/pkg/mod"));
        assert_eq!(env.get("GOAUTH"), None);
    }

    #[test]
    fn flags_for_every_command() {
        let env = GoEnv::default().with_var(
            "GOFLAGS",
            OsStr::new("'-modfile=a b.mod' -mod=vendor --mod=mod -x"),
        );
        for (name, value) in [
            ("modfile", Some("a b.mod")),
            ("mod", Some("mod")),
            ("x", Some("")),
            ("tags", None),
        ] {
            assert_eq!(env.flag(name).as_deref(), value, "{name}");
        }
        assert!(env.says_mod_mod());
    }

    #[test]
    fn an_empty_line_of_the_users_hides_the_systems() {
        let env = GoEnv {
            user: b"GOPROXY=\n".to_vec(),
            system: b"GOPROXY=https://p,direct\nGOSUMDB=sum\n".to_vec(),
            ..GoEnv::default()
        };
        assert_eq!((env.goproxy().as_str(), env.gosumdb().as_str()), ("", "sum"));
    }

    #[test]
    fn defaults_of_a_go_without_a_file_of_them() {
        let set = |key: &str, value: &str| GoEnv::default().with_var(key, OsStr::new(value));
        let with_file = GoEnv {
            system: b"GOTOOLCHAIN=auto\n".to_vec(),
            ..GoEnv::default()
        };
        for (env, goproxy, gosumdb) in [
            (
                GoEnv::default(),
                "https://proxy.golang.org,direct",
                "sum.golang.org",
            ),
            (set("GOPROXY", "https://p"), "https://p", "sum.golang.org"),
            (set("GOSUMDB", "off"), "https://proxy.golang.org,direct", "off"),
            (with_file, "", ""),
        ] {
            assert_eq!(
                (env.goproxy().as_str(), env.gosumdb().as_str()),
                (goproxy, gosumdb)
            );
        }
    }

    #[test]
    fn the_workspace_in_effect() {
        let dir = tempfile::tempdir().unwrap();
        let below = dir.path().join("a");
        std::fs::create_dir(&below).unwrap();
        std::fs::write(dir.path().join("go.work"), "").unwrap();
        for (gowork, expected) in [
            ("", Some(dir.path().join("go.work"))),
            ("auto", Some(dir.path().join("go.work"))),
            ("off", None),
            ("/w/x.work", Some("/w/x.work".into())),
        ] {
            let env = GoEnv::default().with_var("GOWORK", OsStr::new(gowork));
            assert_eq!(env.gowork(&below), expected, "{gowork}");
        }
    }
}
