//! What a pin changes in the child's environment, and how a shim below takes it back: a pin is its project's, and what the
//! child starts may be another project.
//!
//! Each of the two variables has a companion that holds `OURS:=THEIRS`, or `OURS:-` where it was unset. It counts only
//! while the variable still is what we set: whoever changed it since meant it.

use super::version::Version;
use crate::config::goenv::GoEnv;
use crate::world::World;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// The variables that a pin may set, each with its companion.
pub const HELD: &[(&str, &str)] = &[
    ("GOTOOLCHAIN", "GOSTEADY_USER_GOTOOLCHAIN"),
    ("GOROOT", "GOSTEADY_USER_GOROOT"),
];

/// An environment as pairs.
pub type Env = Vec<(OsString, OsString)>;

/// The environment without what a pin above us has set; `None` where nothing is to be taken back.
pub fn released(world: &World) -> Option<Env> {
    HELD.iter()
        .find(|(_, companion)| world.var(companion).is_some())?;
    let mut env = world.env.clone();
    for (name, companion) in HELD {
        let Some(mark) = take(&mut env, companion) else {
            continue;
        };
        let Some(ours) = world.var(name) else { continue };
        let theirs = mark
            .as_bytes()
            .strip_prefix(ours.as_bytes())
            .and_then(|rest| rest.strip_prefix(b":"));
        match theirs.and_then(|t| t.split_first()) {
            Some((b'=', value)) => set(&mut env, name, OsStr::from_bytes(value)),
            Some((b'-', b"")) => {
                take(&mut env, name);
            }
            _ => {}
        }
    }
    Some(env)
}

/// What a go is held to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hold<'a> {
    /// The version that it has and keeps; `None` where GOTOOLCHAIN is left alone.
    pub version: Option<&'a Version>,
    /// Whether it has another version yet, and GOTOOLCHAIN is to make it switch.
    pub switch: bool,
    /// Its GOROOT, where that is another than the one PATH would give: a GOROOT that was set belongs to the other one.
    pub root: Option<&'a Path>,
}

/// The environment that keeps the chosen go where it is; `None` where nothing has to change. `env` are the settings of that
/// go.
pub fn held(world: &World, env: &GoEnv, hold: Hold<'_>) -> Option<Env> {
    let mut changed = world.env.clone();
    let mut any = false;
    let setting = env.text("GOTOOLCHAIN");
    // A go before 1.21 knows nothing of it; `local` stays where it is as well.
    let moves = |version: &Version| version.knows_toolchains() && setting != "local" && !setting.is_empty();
    if let Some(version) = hold.version.filter(|v| hold.switch || moves(v)) {
        let value = match hold.switch {
            true => version.toolchain_name(),
            false => version.staying(),
        };
        if setting != value {
            put(world, &mut changed, "GOTOOLCHAIN", OsStr::new(&value));
            any = true;
        }
    }
    if let Some(root) = hold.root
        && env.get("GOROOT").is_some_and(|set| set != root.as_os_str())
    {
        put(world, &mut changed, "GOROOT", root.as_os_str());
        any = true;
    }
    any.then_some(changed)
}

fn put(world: &World, env: &mut Env, name: &str, ours: &OsStr) {
    let mut mark = ours.as_bytes().to_vec();
    match world.var(name) {
        Some(theirs) => {
            mark.extend_from_slice(b":=");
            mark.extend_from_slice(theirs.as_bytes());
        }
        None => mark.extend_from_slice(b":-"),
    }
    set(env, name, ours);
    if let Some((_, companion)) = HELD.iter().find(|(held, _)| *held == name) {
        set(env, companion, &OsString::from_vec(mark));
    }
}

fn set(env: &mut Env, name: &str, value: &OsStr) {
    match env.iter_mut().find(|(k, _)| k == name) {
        Some((_, old)) => *old = value.to_os_string(),
        None => env.push((name.into(), value.to_os_string())),
    }
}

fn take(env: &mut Env, name: &str) -> Option<OsString> {
    let first = env.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone());
    env.retain(|(k, _)| k != name);
    first
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

    fn held_in(env: &[(&str, &str)], root: Option<&str>, version: &str, force: bool) -> Option<World> {
        let world = world(env);
        let mut go = GoEnv::read(&world, Path::new("/nowhere/go"));
        go.system = b"GOTOOLCHAIN=auto\n".to_vec();
        let version = Version::parse(version).unwrap();
        let hold = Hold {
            version: Some(&version),
            switch: force,
            root: root.map(Path::new),
        };
        held(&world, &go, hold).map(|env| World {
            env,
            ..World::default()
        })
    }

    #[test]
    fn what_goes_in_comes_out() {
        for env in [
            &[("A", "1")][..],
            &[("GOTOOLCHAIN", "auto"), ("GOROOT", "/usr/local/go")],
            &[("GOTOOLCHAIN", "go1.25.1+auto"), ("GOROOT", "")],
        ] {
            let child = held_in(env, Some("/sdk/go1.22.1"), "1.22.1", false).unwrap();
            assert_eq!(child.text("GOTOOLCHAIN"), Some("go1.22.1"));
            assert_eq!(released(&child).unwrap(), world(env).env, "{env:?}");
        }
        assert_eq!(released(&world(&[("GOTOOLCHAIN", "auto")])), None);
    }

    #[test]
    fn only_where_it_is_needed() {
        let none =
            |env: &[(&str, &str)], version: &str| assert!(held_in(env, None, version, false).is_none());
        none(&[("GOTOOLCHAIN", "local")], "1.22.1");
        none(&[("GOTOOLCHAIN", "go1.22.1")], "1.22.1");
        none(&[], "1.20.1");
        none(&[("GOTOOLCHAIN", "local"), ("GOROOT", "/other")], "1.22.1");
        let child = held_in(
            &[("GOTOOLCHAIN", "local"), ("GOROOT", "/other")],
            Some("/sdk"),
            "1.22.1",
            false,
        )
        .unwrap();
        assert_eq!(
            (child.text("GOTOOLCHAIN"), child.text("GOROOT")),
            (Some("local"), Some("/sdk"))
        );
        let marked = held_in(&[], None, "go1.22.1 X:exp", false).unwrap();
        assert_eq!(marked.text("GOTOOLCHAIN"), Some("local"));
        let forced = held_in(&[("GOTOOLCHAIN", "local")], None, "1.22.1", true).unwrap();
        assert_eq!(forced.text("GOTOOLCHAIN"), Some("go1.22.1"));
    }

    #[test]
    fn what_was_changed_since_is_left_alone() {
        let mut child = held_in(&[], Some("/sdk"), "1.22.1", false).unwrap();
        set(&mut child.env, "GOTOOLCHAIN", OsStr::new("go1.25.1"));
        let env = released(&child).unwrap();
        assert_eq!(env, world(&[("GOTOOLCHAIN", "go1.25.1")]).env);
    }
}
