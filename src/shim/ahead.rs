//! What a command is going to need, as far as its line tells (docs/prefetch.md).
//!
//! Source: the LoadPackages, LoadModGraph and ListModules calls of each command, cmd/go/internal/{modcmd,modload,load}.

use super::argv::Command;
use super::guard::Plan;
use crate::config::goenv::GoEnv;
use crate::gomod::Tags;
use crate::proxy::{Infos, Need, Packages, Sources, Tests};
use crate::world::{World, platform};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// What may be asked ahead of this command; `None`: nothing, also where its go.mod is not the one in effect.
pub fn sources(plan: &Plan) -> Option<Sources> {
    let (scene, command) = (plan.scene, plan.command);
    let elsewhere = scene.named_modfile(command).is_some();
    if !plan.settings.proxy.prefetch || scene.vendor || elsewhere || command.names_a_version() {
        return None;
    }
    let tags = tags(plan.env, plan.world, |name| command.setting(name, &scene.goflags));
    Some(Sources {
        need: need(command, tags)?,
        dir: scene.dir.clone(),
        module: scene.module.clone(),
        work: scene.work.clone(),
        modcache: plan.env.gomodcache()?,
    })
}

fn need(command: &Command, tags: Tags) -> Option<Need> {
    let operands: Option<Vec<String>> = command
        .operands
        .iter()
        .map(|o| Some(o.to_str()?.to_owned()))
        .collect();
    let operands = operands?;
    let fix_has_tests = tags.minor.is_none_or(|minor| minor >= 26);
    let any = Tags {
        any: true,
        ..tags.clone()
    };
    let loads = |tests, infos| Need {
        graph: false,
        modules: false,
        packages: Some(Packages {
            patterns: operands.clone(),
            tests,
            tags,
        }),
        infos,
    };
    let graph = |infos| Need {
        graph: true,
        modules: false,
        packages: None,
        infos,
    };
    let all = |graph, tests, infos| Need {
        graph,
        modules: false,
        packages: Some(Packages {
            patterns: vec!["all".into()],
            tests,
            tags: any,
        }),
        infos,
    };
    Some(match command.verb().as_str() {
        "build" | "install" | "run" | "fmt" => loads(Tests::None, Infos::Used),
        "fix" if !fix_has_tests => loads(Tests::None, Infos::Used),
        "test" | "vet" | "fix" => loads(Tests::Named, Infos::Used),
        "list" if command.has("m") => operands.iter().any(|o| o == "all").then(|| graph(Infos::All))?,
        "list" if command.on("test") => loads(Tests::Named, Infos::Used),
        "list" if command.on("find") => loads(Tests::None, Infos::None),
        "list" => loads(Tests::None, Infos::Used),
        "generate" => loads(Tests::None, Infos::None),
        "mod download" if operands.is_empty() => Need {
            modules: true,
            ..graph(Infos::All)
        },
        "mod graph" | "mod verify" | "get" | "work sync" => graph(Infos::None),
        "mod tidy" => all(false, Tests::All, Infos::None),
        "mod why" if !command.on("m") && !command.on("vendor") => all(false, Tests::All, Infos::None),
        "mod vendor" => all(true, Tests::Main, Infos::Used),
        _ => return None,
    })
}

// What holds in a build (cmd/go/internal/imports/tags.go, go/build: defaultContext).
fn tags<'a>(env: &GoEnv, world: &World, flag: impl Fn(&str) -> Option<&'a OsStr>) -> Tags {
    let (host_os, host_arch) = platform();
    let or = |key: &str, host: &str| {
        Some(env.text(key))
            .filter(|v| !v.is_empty())
            .unwrap_or(host.into())
    };
    let (os, arch) = (or("GOOS", host_os), or("GOARCH", host_arch));
    let cgo = match env.text("CGO_ENABLED").as_str() {
        "0" => false,
        "1" => true,
        _ => os == host_os && arch == host_arch && compiler(env, world, host_os),
    };
    let given = flag("tags").unwrap_or_default().to_string_lossy();
    let split = given.split([',', ' ']).filter(|tag| !tag.is_empty());
    let mut set: std::collections::HashSet<String> = split.map(str::to_owned).collect();
    let on = |name: &str| {
        flag(name).is_some_and(|value| !matches!(value.as_bytes(), b"false" | b"0" | b"f" | b"F"))
    };
    set.extend(
        ["race", "msan", "asan"]
            .into_iter()
            .filter(|name| on(name))
            .map(str::to_owned),
    );
    if cgo {
        set.insert("cgo".into());
    }
    let minor = env.go_version().and_then(|version| {
        let rest = version.strip_prefix("go1.")?.to_owned();
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..end].parse().ok()
    });
    Tags {
        any: false,
        os,
        arch,
        minor,
        set,
    }
}

// cmd/go/internal/cfg/cfg.go: without CC, cgo is off where the usual compiler is not on PATH.
fn compiler(env: &GoEnv, world: &World, os: &str) -> bool {
    let usual = if os == "darwin" { "clang" } else { "gcc" };
    !env.text("CC").is_empty() || world.program(usual).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    #[test]
    fn what_commands_need() {
        let of = |line: &str| {
            let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            let need = need(&Command::parse(&args), Tags::default())?;
            let packages = need.packages.map_or("-".into(), |p| {
                format!("{} {:?} {}", p.patterns.join(","), p.tests, p.tags.any)
            });
            Some(format!(
                "{} {} {:?} {packages}",
                need.graph, need.modules, need.infos
            ))
        };
        for (line, want) in [
            ("build ./cmd/x", Some("false false Used ./cmd/x None false")),
            (
                "test -run X ./a ./b -v",
                Some("false false Used ./a,./b Named false"),
            ),
            ("run . arg", Some("false false Used . None false")),
            ("list -test ./...", Some("false false Used ./... Named false")),
            ("list -m all", Some("true false All -")),
            ("list -m x", None),
            ("mod download", Some("true true All -")),
            ("mod download x", None),
            ("mod tidy", Some("false false None all All true")),
            ("mod vendor", Some("true false Used all Main true")),
            ("mod graph", Some("true false None -")),
            ("mod why a", Some("false false None all All true")),
            ("mod why -m a", None),
            ("env", None),
        ] {
            assert_eq!(of(line).as_deref(), want, "{line}");
        }
    }

    #[test]
    fn what_holds_in_a_build() {
        let mut env = GoEnv::default();
        env.user = b"GOOS=plan9\nGOARCH=arm\n".to_vec();
        let flag = |name: &str| match name {
            "tags" => Some(OsStr::new("a,b c")),
            "race" => Some(OsStr::new("")),
            "msan" => Some(OsStr::new("false")),
            _ => None,
        };
        let tags = tags(&env, &World::default(), flag);
        assert_eq!((tags.os.as_str(), tags.arch.as_str()), ("plan9", "arm"));
        let mut set: Vec<String> = tags.set.into_iter().collect();
        set.sort();
        assert_eq!(set, ["a", "b", "c", "race"]);
        assert_eq!(tags.minor, None);
        for (cgo, expected) in [("0", false), ("1", true)] {
            let world = World {
                env: vec![("CGO_ENABLED".into(), cgo.into())],
                ..World::default()
            };
            let env = GoEnv::read(&world, std::path::Path::new("/nowhere/go"));
            let tags = super::tags(&env, &world, |_| None);
            assert_eq!(tags.set.contains("cgo"), expected, "CGO_ENABLED={cgo}");
        }
    }
}
