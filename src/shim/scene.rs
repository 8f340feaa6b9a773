//! What stands around a command: the few files and settings that decide about it. Read once, before any decision.

use super::argv::Command;
use super::table::{self, Class};
use crate::bounded;
use crate::config::goenv::GoEnv;
use crate::gomod;
use crate::toolchain::floor::{self, Wanted};
use crate::toolchain::version::Version;
use crate::world::{World, nearest_file};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What kind of list GOPROXY is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// `off` and nothing before it.
    Off,
    /// No http(s) entry: `direct`, `file://…`, or broken.
    NoHttp,
    /// At least one http(s) entry.
    Http,
    /// GOENV is a pipe, which only go may read.
    Unknown,
}

/// The surroundings of one command.
#[derive(Debug, Clone)]
pub struct Scene {
    /// Where go works: the working directory, `-C` applied.
    pub dir: PathBuf,
    /// The go.work in effect.
    pub work: Option<PathBuf>,
    /// The go.mod in effect (in a workspace: the one found upwards, if any).
    pub module: Option<PathBuf>,
    /// The words of GOFLAGS.
    pub goflags: Vec<String>,
    /// GOPROXY as go reads it.
    pub goproxy: String,
    /// What kind of list it is.
    pub list: ListKind,
    /// Whether GONOPROXY (or GOPRIVATE) can match nothing.
    pub nothing_private: bool,
    /// Whether packages come from a vendor directory. Not looked for where the command makes no request at all.
    pub vendor: bool,
    /// The toolchain that go would have to fetch before anything else.
    pub missing_toolchain: Option<Wanted>,
}

impl Scene {
    /// Reads the surroundings of a command. `local` is the version of the go that runs, where that is known already.
    pub fn read(world: &World, env: &GoEnv, command: &Command, local: Option<&Version>) -> Scene {
        let dir = dir(world, command);
        let goflags = gomod::quoted::words(&env.text("GOFLAGS"));
        let module = nearest_file(&dir, "go.mod");
        let work = env.gowork(&dir);
        let goproxy = env.goproxy();
        let list = match env.is_for_go_alone {
            true => ListKind::Unknown,
            false => list_kind(&goproxy),
        };
        let missing_toolchain = match env.text("GO111MODULE").as_str() {
            _ if matches!(list, ListKind::Off | ListKind::Unknown) => None,
            "off" => None,
            "auto" if module.is_none() => None,
            _ if exempt(command) || floor::stays(env) => None,
            _ => {
                // A workspace that is yet to be made says nothing (select.go: modGoToolchain).
                let work = work.as_deref().filter(|work| work.exists());
                missing_toolchain(world, env, work.or(module.as_deref()), local)
            }
        };
        let vendor = table::class(command) != Class::Zero
            && vendor(command, &goflags, work.as_deref(), module.as_deref());
        let nothing_private = gomod::pattern::is_effectively_empty(&env.gonoproxy());
        Scene {
            dir,
            work,
            module,
            goflags,
            goproxy,
            list,
            nothing_private,
            vendor,
            missing_toolchain,
        }
    }

    /// The file of `-modfile`, on the command line or in GOFLAGS, which stands in for the go.mod.
    pub fn named_modfile(&self, command: &Command) -> Option<PathBuf> {
        let named = command.setting("modfile", &self.goflags);
        Some(self.dir.join(named.filter(|named| !named.is_empty())?))
    }
}

/// Where go works: the working directory, `-C` applied. As go finds it after a chdir (os.Getwd): without links and `..`, so
/// that its parents are what they seem, unless it is where PWD leads still.
pub fn dir(world: &World, command: &Command) -> PathBuf {
    let cwd = world.cwd.clone().unwrap_or_default();
    let Some(chdir) = &command.chdir else {
        return cwd;
    };
    let dir = cwd.join(chdir);
    match std::fs::canonicalize(&dir) {
        Ok(real) if std::fs::canonicalize(&cwd).is_ok_and(|cwd| cwd == real) => cwd,
        real => real.unwrap_or(dir),
    }
}

/// What kind of list a GOPROXY value is. Source: cmd/go/internal/modfetch/proxy.go (proxyList).
pub fn list_kind(goproxy: &str) -> ListKind {
    let mut kind = ListKind::NoHttp;
    for (n, entry) in goproxy
        .split([',', '|'])
        .map(str::trim)
        .filter(|e| !e.is_empty())
        .enumerate()
    {
        match entry {
            "off" if n == 0 => return ListKind::Off,
            "off" | "direct" => break,
            _ => {}
        }
        let bare = entry.contains(['.', ':', '/']) && !entry.contains(":/") && !entry.starts_with('/');
        if bare || entry.starts_with("http://") || entry.starts_with("https://") {
            kind = ListKind::Http;
        }
    }
    kind
}

// The toolchain that go would want and that is not at hand.
fn missing_toolchain(
    world: &World,
    env: &GoEnv,
    file: Option<&Path>,
    local: Option<&Version>,
) -> Option<Wanted> {
    let local = match local {
        Some(known) => known.clone(),
        None => Version::parse(&env.go_version()?)?,
    };
    let wanted = floor::wanted(env, &local, file)?;
    (!floor::is_at_hand(world, env, &wanted.name)).then_some(wanted)
}

/// Whether a command never switches, so that a broken toolchain setting can be looked at and mended. Source: select.go.
pub fn exempt(command: &Command) -> bool {
    let (["env"], [operand]) = (&command.words[..], &command.operands[..]) else {
        return false;
    };
    match &command.flags[..] {
        [] => matches!(operand.to_str(), Some("GOTOOLCHAIN" | "GOMOD" | "GOWORK")),
        [flag] => flag.name == "w" && operand.as_bytes().starts_with(b"GOTOOLCHAIN="),
        _ => false,
    }
}

// cmd/go/internal/modload/init.go (setDefaultBuildMod): explicit, or automatic where a fitting vendor directory stands
// beside the file in effect.
fn vendor(command: &Command, goflags: &[String], work: Option<&Path>, module: Option<&Path>) -> bool {
    if let Some(mode) = command.setting("mod", goflags).filter(|mode| !mode.is_empty()) {
        return mode == "vendor";
    }
    let (file, floor) = match (work, module) {
        (Some(work), _) => (work, "1.22"),
        (None, Some(module)) => (module, "1.14"),
        (None, None) => return false,
    };
    let Some(dir) = file.parent() else { return false };
    let Ok(listed) = bounded::read_file(&dir.join("vendor/modules.txt")) else {
        return false;
    };
    let for_workspace = listed.starts_with(b"## workspace");
    let line = bounded::read_file(file)
        .ok()
        .and_then(|text| gomod::head(&text).go);
    // Without a go line a go.mod counts as 1.16, a go.work as 1.18 (internal/gover/version.go).
    let go = line
        .as_deref()
        .and_then(Version::parse)
        .or_else(|| Version::parse(if work.is_some() { "1.18" } else { "1.16" }));
    for_workspace == work.is_some() && go >= Version::parse(floor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    #[test]
    fn kinds_of_lists() {
        for (list, kind) in [
            ("https://a,direct", ListKind::Http),
            ("direct,https://a", ListKind::NoHttp),
            ("off", ListKind::Off),
            (" , off,https://a", ListKind::Off),
            ("https://a|off", ListKind::Http),
            ("goproxy.example", ListKind::Http),
            ("file:///x,off", ListKind::NoHttp),
            ("", ListKind::NoHttp),
            ("/abs", ListKind::NoHttp),
            ("bare", ListKind::NoHttp),
        ] {
            assert_eq!(list_kind(list), kind, "{list}");
        }
    }

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    fn scene(world: &World, line: &str, local: &str) -> Scene {
        let root = world.cwd.clone().unwrap().join("goroot");
        std::fs::create_dir_all(&root).unwrap();
        std::fs::write(root.join("VERSION"), format!("{local}\ntime x\n")).unwrap();
        let mut env = GoEnv::read(world, Path::new("/nowhere/go"));
        env.goroot = Some(root);
        env.system = b"GOPROXY=https://p,direct\nGOTOOLCHAIN=auto\n".to_vec();
        Scene::read(world, &env, &Command::parse(&words(line)), None)
    }

    #[test]
    fn a_newer_line_wants_a_toolchain() {
        let dir = tempfile::tempdir().unwrap();
        let world = World {
            cwd: Some(dir.path().into()),
            ..World::default()
        };
        let missing = |text: &str, line: &str| {
            std::fs::write(dir.path().join("go.mod"), text).unwrap();
            scene(&world, line, "go1.26.1").missing_toolchain.map(|w| w.name)
        };
        assert_eq!(missing("module m\ngo 1.26\n", "version"), None);
        assert_eq!(
            missing("module m\ngo 1.30\n", "version").as_deref(),
            Some("go1.30.0")
        );
        assert_eq!(
            missing("module m\ngo 1.20\ntoolchain go1.27.3\n", "build").as_deref(),
            Some("go1.27.3")
        );
        assert_eq!(
            missing("module m\ngo 1.28.1\ntoolchain go1.27.3\n", "build").as_deref(),
            Some("go1.28.1")
        );
        assert_eq!(missing("module m\ngo 1.20\ntoolchain default\n", "build"), None);
        for (line, exempt) in [
            ("env GOTOOLCHAIN", true),
            ("env GOMOD", true),
            ("env -w GOTOOLCHAIN=local", true),
            ("env -json GOTOOLCHAIN", false),
            ("env -w GOMOD", false),
            ("env GOMOD GOWORK", false),
        ] {
            let wanted = missing("module m\ngo 1.30\n", line);
            assert_eq!(wanted.is_none(), exempt, "{line}");
        }
        let local = World {
            env: vec![("GOTOOLCHAIN".into(), "local".into())],
            ..world.clone()
        };
        assert_eq!(scene(&local, "version", "go1.26.1").missing_toolchain, None);
        let named = World {
            env: vec![("GOTOOLCHAIN".into(), "go1.25.1".into())],
            ..world.clone()
        };
        assert_eq!(
            scene(&named, "version", "go1.26.1")
                .missing_toolchain
                .map(|w| w.name)
                .as_deref(),
            Some("go1.25.1")
        );
    }

    #[test]
    fn a_directory_has_the_name_that_go_finds() {
        let temporary = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(temporary.path()).unwrap();
        std::fs::create_dir_all(root.join("real/below")).unwrap();
        std::os::unix::fs::symlink("real", root.join("link")).unwrap();
        let world = World {
            cwd: Some(root.join("link")),
            ..World::default()
        };
        for (line, expected) in [
            ("build", "link"),
            ("-C . build", "link"),
            ("-C below build", "real/below"),
            ("-C none build", "link/none"),
        ] {
            assert_eq!(
                dir(&world, &Command::parse(&words(line))),
                root.join(expected),
                "{line}"
            );
        }
    }

    #[test]
    fn a_file_in_the_place_of_go_mod() {
        let dir = tempfile::tempdir().unwrap();
        let world = World {
            cwd: Some(dir.path().into()),
            ..World::default()
        };
        for (line, expected) in [
            ("build -modfile=x.mod", Some("x.mod")),
            ("build -modfile=", None),
            ("build", None),
        ] {
            let named = scene(&world, line, "go1.26.1").named_modfile(&Command::parse(&words(line)));
            let expected = expected.map(|name| dir.path().join(name));
            assert_eq!(named, expected, "{line}");
        }
    }

    #[test]
    fn vendor_mode() {
        let dir = tempfile::tempdir().unwrap();
        let world = World {
            cwd: Some(dir.path().into()),
            ..World::default()
        };
        std::fs::write(dir.path().join("go.mod"), "module m\ngo 1.20\n").unwrap();
        assert!(!scene(&world, "build", "go1.26.1").vendor);
        std::fs::create_dir(dir.path().join("vendor")).unwrap();
        std::fs::write(dir.path().join("vendor/modules.txt"), "# a v1\n").unwrap();
        assert!(scene(&world, "build", "go1.26.1").vendor);
        assert!(!scene(&world, "build -mod=mod", "go1.26.1").vendor);
        assert!(scene(&world, "build -mod=", "go1.26.1").vendor, "as without");
        std::fs::write(dir.path().join("go.mod"), "module m\ngo 1.13\n").unwrap();
        assert!(!scene(&world, "build", "go1.26.1").vendor);
        assert!(scene(&world, "build -mod vendor", "go1.26.1").vendor);
        std::fs::write(dir.path().join("go.work"), "go 1.22\n").unwrap();
        assert!(!scene(&world, "build", "go1.26.1").vendor);
    }
}
