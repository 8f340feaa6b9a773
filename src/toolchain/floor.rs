//! Floors: what go itself would switch to, by GOTOOLCHAIN and the lines of go.work or go.mod. Source of the rules:
//! cmd/go/internal/toolchain/select.go (Select).

use super::version::Version;
use crate::bounded;
use crate::config::goenv::GoEnv;
use crate::gomod;
use crate::trace::event::Rule;
use crate::world::{World, nearest_file, platform};
use std::path::{Path, PathBuf};

/// A toolchain that go would switch to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its name, e.g. `go1.30.0`.
    pub name: String,
    /// Who asks for it: `GOTOOLCHAIN`, or the place of a line.
    pub by: String,
}

/// What a `toolchain` line says so that go does not switch for any line.
const DEFAULT: &str = "default";

/// GOTOOLCHAIN, taken apart. `None` where it is `local`, unset everywhere, or nothing that go accepts.
struct Setting<'a> {
    /// The least version; `None` for that of the go that is asked.
    least: Option<&'a str>,
    /// Whether lines of files count.
    lines: bool,
    /// Whether only PATH is searched.
    path_only: bool,
}

impl Setting<'_> {
    fn parse(value: &str) -> Option<Setting<'_>> {
        let (base, mode) = match value {
            "" | "local" => return None,
            // go takes none off, and refuses it in its own words.
            _ if value.contains(char::is_whitespace) => return None,
            "auto" | "path" => ("local", value),
            _ => value.split_once('+').unwrap_or((value, "")),
        };
        Some(Setting {
            least: (base != "local").then_some(base),
            lines: !mode.is_empty(),
            path_only: mode == "path",
        })
    }
}

/// Whether go stays what it is, or is told to search PATH only: nobody need ask for its version.
pub fn stays(env: &GoEnv) -> bool {
    Setting::parse(&env.text("GOTOOLCHAIN")).is_none_or(|setting| setting.path_only)
}

/// What a go of version `local` would switch to. `file` is the go.work or go.mod in effect. `None` where it stays, or where
/// it is told to search PATH only.
pub fn wanted(env: &GoEnv, local: &Version, file: Option<&Path>) -> Option<Wanted> {
    if !local.knows_toolchains() {
        return None;
    }
    let value = env.text("GOTOOLCHAIN");
    let setting = Setting::parse(&value)?;
    if setting.path_only {
        return None;
    }
    let mut wanted: Option<(Version, Wanted)> = None;
    if let Some(name) = setting.least {
        let by = "GOTOOLCHAIN".to_string();
        let name = name.to_string();
        wanted = Some((Version::parse(&name)?, Wanted { name, by }));
    }
    if setting.lines
        && let Some(file) = file
        && let Ok(text) = bounded::read_file(file)
    {
        let head = gomod::head(&text);
        let lines = [
            ("toolchain", head.toolchain.clone()),
            ("go", head.go.map(|v| format!("go{v}"))),
        ];
        let count = lines_count(head.toolchain.as_deref());
        for (verb, line) in lines.into_iter().filter(|_| count) {
            let Some(name) = line else { continue };
            let least = wanted.as_ref().map_or(local, |(version, _)| version);
            let Some(version) = Version::parse(&name).filter(|v| v > least) else {
                continue;
            };
            // `go 1.30` asks for go1.30.0.
            let name = if version.is_toolchain() {
                name
            } else {
                format!("{name}.0")
            };
            let by = place(file, &text, verb);
            wanted = Some((version.first_release(), Wanted { name, by }));
        }
    }
    wanted
        .filter(|(version, _)| version != local)
        .map(|(_, wanted)| wanted)
}

/// Whether a file's lines count with this `toolchain` line: `default` keeps go from switching for any, and with one that is
/// no toolchain's name it ends.
fn lines_count(toolchain: Option<&str>) -> bool {
    toolchain.is_none_or(|name| name.starts_with("go") || name.contains("-go"))
}

/// Whether go would find this toolchain without a download: unpacked in the module cache, or by its name on PATH.
pub fn is_at_hand(world: &World, env: &GoEnv, name: &str) -> bool {
    let (os, arch) = platform();
    let unpacked = env
        .gomodcache()
        .map(|dir| dir.join(format!("golang.org/toolchain@v0.0.1-{name}.{os}-{arch}/bin/go")));
    unpacked.is_some_and(|f| f.is_file()) || is_on_path(world, name)
}

/// Whether a program of the toolchain's name is on PATH, where go looks first.
pub fn is_on_path(world: &World, name: &str) -> bool {
    world.program(name).is_some()
}

/// Whether GOPROXY forbids every download: `off`, and nothing before it.
pub fn is_offline(env: &GoEnv) -> bool {
    let list = env.text("GOPROXY");
    let mut entries = list.split([',', '|']).map(str::trim).filter(|e| !e.is_empty());
    entries.next() == Some("off")
}

/// The `go` line that a go of this version is too old for, as `file:line` and what it says: go will refuse to work.
pub fn too_old(version: &Version, file: &Path) -> Option<(String, String)> {
    let text = bounded::read_file(file).ok()?;
    let go = gomod::head(&text).go?;
    let needs = Version::parse(&go)?;
    (needs > *version).then(|| (place(file, &text, "go"), go))
}

/// The go.work or go.mod in effect at a directory, `None` outside of a module.
pub fn file_in_effect(env: &GoEnv, dir: &Path) -> Option<PathBuf> {
    let work = env.gowork(dir).filter(|work| work.exists());
    work.or_else(|| nearest_file(dir, "go.mod"))
}

/// What go's own rules say, for whoever wants to know how a go was chosen. `held` where a pin keeps go from switching.
pub fn rules(
    world: &World,
    env: &GoEnv,
    local: Option<&Version>,
    file: Option<&Path>,
    held: bool,
) -> Vec<Rule> {
    let mut rules = Vec::new();
    let value = env.text("GOTOOLCHAIN");
    let rule = |rule: &str, place: String, says: String, verdict: String| Rule {
        rule: rule.into(),
        place,
        says,
        verdict,
    };
    let old = local.is_some_and(|local| !local.knows_toolchains());
    let setting = Setting::parse(&value).filter(|_| !old);
    let verdict = match &setting {
        _ if old => "a go before 1.21 knows nothing of it",
        _ if value.is_empty() => "not set: go does not switch",
        None => "go does not switch by itself",
        Some(_) if held => "a pin stands before it",
        Some(setting) if setting.lines => {
            "a floor: go may switch to what a line of go.work or go.mod asks for"
        }
        Some(_) => "go itself runs this one",
    };
    rules.push(rule(
        "GOTOOLCHAIN",
        origin(world, env),
        value.clone(),
        verdict.into(),
    ));
    let wanted = local.and_then(|local| wanted(env, local, file));
    if let Some(file) = file
        && let Ok(text) = bounded::read_file(file)
    {
        let head = gomod::head(&text);
        let count = lines_count(head.toolchain.as_deref());
        for (verb, says) in [("toolchain", head.toolchain), ("go", head.go)] {
            let Some(says) = says else { continue };
            let place = place(file, &text, verb);
            let newer = local
                .zip(Version::parse(&says))
                .is_some_and(|(local, line)| line > *local);
            let verdict = match (&setting, &wanted) {
                _ if held => "a floor; a pin stands before it".to_string(),
                (_, Some(wanted)) if wanted.by == place => match is_at_hand(world, env, &wanted.name) {
                    true => format!("go switches to {}", wanted.name),
                    false => format!("go downloads {} and switches to it", wanted.name),
                },
                (Some(setting), _) if !setting.lines => {
                    "does not count: GOTOOLCHAIN names one toolchain".into()
                }
                (Some(_), _) if !count && verb == "toolchain" && says == DEFAULT => {
                    "go does not switch for a line of this file".into()
                }
                (Some(_), _) if !count && verb == "toolchain" => "go refuses: no toolchain's name".into(),
                (Some(_), _) if !count && newer => "not met: go refuses".into(),
                (Some(setting), _) if newer && setting.path_only => "go looks for it on PATH".into(),
                (None, _) if verb == "toolchain" => "does not count: go does not switch".into(),
                (None, _) if newer && old => "not met: a go before 1.21 tries all the same".into(),
                (None, _) if newer => "not met: go refuses".into(),
                _ => "a floor, which is met".into(),
            };
            rules.push(rule(&format!("{verb} line"), place, says, verdict));
        }
    }
    rules
}

// Where GOTOOLCHAIN is set, for a reader.
fn origin(world: &World, env: &GoEnv) -> String {
    let in_text = |text: &[u8]| gomod::envfile::value(text, "GOTOOLCHAIN").is_some();
    if world.set_var("GOTOOLCHAIN").is_some() {
        "environment".into()
    } else if in_text(&env.user) {
        "go env -w".into()
    } else if in_text(&env.system) {
        "$GOROOT/go.env".into()
    } else {
        String::new()
    }
}

fn place(file: &Path, text: &[u8], verb: &str) -> String {
    let path = crate::config::printable(&file.to_string_lossy(), usize::MAX);
    match gomod::line_of(text, verb) {
        Some(line) => format!("{path}:{line}"),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(gotoolchain: &str) -> GoEnv {
        let mut env = GoEnv::default();
        env.system = format!("GOTOOLCHAIN={gotoolchain}\n").into_bytes();
        env
    }

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn what_go_would_switch_to() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("go.mod");
        for (setting, text, expected) in [
            ("auto", "go 1.26\n", None),
            ("auto", "go 1.30\n", Some(("go1.30.0", "go.mod:1"))),
            (
                "auto",
                "go 1.20\ntoolchain go1.27.3\n",
                Some(("go1.27.3", "go.mod:2")),
            ),
            (
                "auto",
                "go 1.28.1\ntoolchain go1.27.3\n",
                Some(("go1.28.1", "go.mod:1")),
            ),
            ("auto", "go 1.20\ntoolchain default\n", None),
            ("auto", "go 1.30\ntoolchain default\n", None),
            ("auto", "go 1.30\ntoolchain 1.30.0\n", None),
            (
                "go1.25.1+auto",
                "go 1.30\ntoolchain default\n",
                Some(("go1.25.1", "GOTOOLCHAIN")),
            ),
            ("local", "go 1.30\n", None),
            ("", "go 1.30\n", None),
            ("path", "go 1.30\n", None),
            ("go1.25.1", "go 1.30\n", Some(("go1.25.1", "GOTOOLCHAIN"))),
            ("go1.25.1 ", "go 1.30\n", None),
            ("go1.25.1+auto", "go 1.30\n", Some(("go1.30.0", "go.mod:1"))),
            ("go1.26.1+auto", "go 1.20\n", None),
            ("go1.25.1+path", "go 1.30\n", None),
            ("bash", "go 1.30\n", None),
        ] {
            std::fs::write(&file, text).unwrap();
            let found = wanted(&env(setting), &version("1.26.1"), Some(&file));
            let shown = found.map(|w| (w.name, w.by.replace(&format!("{}/", dir.path().display()), "")));
            let expected = expected.map(|(name, by)| (name.to_string(), by.to_string()));
            assert_eq!(shown, expected, "{setting}: {text}");
        }
    }

    #[test]
    fn what_is_said_of_lines() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("go.mod");
        std::fs::write(&file, "module m\n\ngo 1.27\n\ntoolchain go1.27.3\n").unwrap();
        for (setting, local, toolchain, go) in [
            (
                "auto",
                "1.26.1",
                "go downloads go1.27.3 and switches to it",
                "met",
            ),
            ("auto", "1.27.4", "met", "met"),
            (
                "local",
                "1.26.1",
                "does not count: go does not switch",
                "not met: go refuses",
            ),
            ("local", "1.27.4", "does not count: go does not switch", "met"),
            ("go1.25.1", "1.26.1", "one toolchain", "one toolchain"),
            (
                "path",
                "1.26.1",
                "go looks for it on PATH",
                "go looks for it on PATH",
            ),
            (
                "auto",
                "1.19.8",
                "does not count: go does not switch",
                "before 1.21 tries",
            ),
        ] {
            let world = World::default();
            let all = rules(&world, &env(setting), Some(&version(local)), Some(&file), false);
            assert!(all[1].verdict.contains(toolchain), "{setting} {local}: {all:?}");
            assert!(all[2].verdict.contains(go), "{setting} {local}: {all:?}");
        }
    }

    #[test]
    fn a_workspace_that_is_yet_to_be_made_says_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("go.mod"), "module m\n").unwrap();
        let env = GoEnv::default().with_var("GOWORK", at("go.work").as_os_str());
        assert_eq!(file_in_effect(&env, dir.path()), Some(at("go.mod")));
        std::fs::write(at("go.work"), "go 1.24\n").unwrap();
        assert_eq!(file_in_effect(&env, dir.path()), Some(at("go.work")));
    }

    #[test]
    fn a_line_that_is_too_new() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("go.mod");
        std::fs::write(&file, "module m\ngo 1.26.3\n").unwrap();
        assert_eq!(
            too_old(&version("1.26.2"), &file),
            Some((format!("{}:2", file.display()), "1.26.3".into()))
        );
        assert_eq!(too_old(&version("1.26.3"), &file), None);
        assert_eq!(too_old(&version("1.2"), Path::new("/none")), None);
    }
}
