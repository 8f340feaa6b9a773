//! Shims under shims: what a guarded child is told, and what a nested shim makes of it.

use crate::proxy;
use crate::world::World;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// How many shims stand above this process.
pub const DEPTH: &str = "GOSTEADY_DEPTH";
/// The user's own GOPROXY: `=VALUE`, or `-` where it was unset.
pub const USER_GOPROXY: &str = "GOSTEADY_USER_GOPROXY";
/// More shims than this above us are a loop.
const LIMIT: u32 = 20;

/// Where we stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nesting {
    /// No shim above us, or none that guards.
    Free,
    /// A shim above us guards and its loopback is alive: nothing to add.
    Guarded,
    /// The loopback we were given is dead: the user's own list must be restored.
    Orphaned,
}

/// Reads the depth; what is no number counts as 0.
pub fn depth(world: &World) -> u32 {
    world.text(DEPTH).and_then(|d| d.parse().ok()).unwrap_or(0)
}

/// Whether PATH leads from shim to shim without end.
pub fn is_loop(world: &World) -> bool {
    depth(world) >= LIMIT
}

/// Where we stand; asks the loopback that GOPROXY names whether it lives.
pub fn nesting(world: &World) -> Nesting {
    match (world.text("GOPROXY"), world.var(USER_GOPROXY)) {
        (Some(list), Some(_)) if proxy::is_loopback_base(list) => {
            if proxy::ping(list) {
                Nesting::Guarded
            } else {
                Nesting::Orphaned
            }
        }
        _ => Nesting::Free,
    }
}

/// The environment with the user's own GOPROXY put back and our marks removed.
pub fn restored(env: &[(OsString, OsString)]) -> Vec<(OsString, OsString)> {
    let users = env
        .iter()
        .find(|(k, _)| k == USER_GOPROXY)
        .map(|(_, v)| v.as_bytes());
    let users = users
        .and_then(|v| v.strip_prefix(b"="))
        .map(|v| OsStr::from_bytes(v).to_os_string());
    let mut restored = without(env, &["GOPROXY", USER_GOPROXY]);
    restored.extend(users.map(|v| (OsString::from("GOPROXY"), v)));
    restored
}

/// The environment of a guarded child: `goproxy` in place of the user's list, the list itself, the depth.
pub fn guarded(world: &World, goproxy: &str) -> Vec<(OsString, OsString)> {
    let mut users = OsString::from("-");
    if let Some(value) = world.var("GOPROXY") {
        users = "=".into();
        users.push(value);
    }
    let mut env = without(&deeper(world), &["GOPROXY", USER_GOPROXY]);
    env.push(("GOPROXY".into(), goproxy.into()));
    env.push((USER_GOPROXY.into(), users));
    env
}

/// The environment with the depth raised.
pub fn deeper(world: &World) -> Vec<(OsString, OsString)> {
    let mut env = without(&world.env, &[DEPTH]);
    env.push((DEPTH.into(), (depth(world) + 1).to_string().into()));
    env
}

fn without(env: &[(OsString, OsString)], names: &[&str]) -> Vec<(OsString, OsString)> {
    env.iter()
        .filter(|(k, _)| !names.iter().any(|n| k == n))
        .cloned()
        .collect()
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
    fn what_goes_in_comes_out() {
        for users in [
            &[("A", "1"), ("GOPROXY", "https://u:p@a,direct")][..],
            &[("A", "1"), ("GOPROXY", "")],
            &[("A", "1")],
        ] {
            let before = world(users);
            let child = World {
                env: guarded(&before, "http://127.0.0.1:1/t/0"),
                ..World::default()
            };
            assert_eq!(child.text("GOPROXY"), Some("http://127.0.0.1:1/t/0"));
            assert_eq!(depth(&child), 1);
            let mut after = restored(&child.env);
            after.retain(|(k, _)| k != DEPTH);
            assert_eq!(after, before.env);
        }
    }

    #[test]
    fn depth_and_loops() {
        assert_eq!(depth(&world(&[])), 0);
        assert_eq!(depth(&world(&[(DEPTH, "x")])), 0);
        assert!(is_loop(&world(&[(DEPTH, "20")])));
        assert_eq!(deeper(&world(&[(DEPTH, "2")])), world(&[(DEPTH, "3")]).env);
        assert_eq!(nesting(&world(&[("GOPROXY", "https://a")])), Nesting::Free);
    }
}
