//! What to do with a command: a pure function of the command and its surroundings.

use super::argv::Command;
use super::scene::{ListKind, Scene};
use super::table::{self, Class};

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// exec the real go.
    Exec,
    /// Fetch the toolchain by a guarded `go version`, then exec the original command.
    ToolchainFirst,
    /// Run it guarded.
    Guard,
    /// Download guarded, then exec.
    Phase,
}

/// An action and the rule that led to it, in one clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// What to do.
    pub action: Action,
    /// Why.
    pub why: &'static str,
}

/// Decides. The memo is asked afterwards, for [`Action::Guard`] and [`Action::Phase`] only.
pub fn decide(command: &Command, scene: &Scene) -> Decision {
    let class = table::class(command);
    let exec = match class {
        Class::Zero => Some("the command makes no request"),
        _ if scene.list == ListKind::Unknown => Some("GOENV is a pipe, which only go may read"),
        _ if scene.list == ListKind::Off && scene.nothing_private => {
            Some("GOPROXY=off and nothing is private")
        }
        _ if scene.vendor && !reaches_past_vendor(command) => Some("packages come from the vendor directory"),
        Class::Phase if dry(command, scene) => {
            Some("-n is set: the download phase would be the command itself")
        }
        _ => None,
    };
    match (exec, class) {
        (Some(_), _) if scene.missing_toolchain.is_some() => Decision {
            action: Action::ToolchainFirst,
            why: "a go or toolchain line asks for a newer Go",
        },
        (Some(why), _) => Decision {
            action: Action::Exec,
            why,
        },
        (None, Class::Phase) => Decision {
            action: Action::Phase,
            why: "the command may download and runs user code",
        },
        (None, _) => Decision {
            action: Action::Guard,
            why: "the command may download",
        },
    }
}

// These look beyond the vendor directory.
fn reaches_past_vendor(command: &Command) -> bool {
    matches!(command.words.first(), Some(&("get" | "mod" | "work"))) || command.names_a_version()
}

// A command that is itself the dry run has no download phase of its own.
fn dry(command: &Command, scene: &Scene) -> bool {
    command.setting("n", &scene.goflags).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::floor::Wanted;
    use std::ffi::OsString;

    fn scene() -> Scene {
        Scene {
            dir: "/p".into(),
            work: None,
            module: None,
            goflags: Vec::new(),
            goproxy: "https://a,direct".into(),
            list: ListKind::Http,
            nothing_private: true,
            vendor: false,
            missing_toolchain: None,
        }
    }

    fn wanted() -> Option<Wanted> {
        Some(Wanted {
            name: "go1.99.0".into(),
            by: "go.mod:3".into(),
        })
    }

    fn action(line: &str, change: impl Fn(&mut Scene)) -> Action {
        let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let mut scene = scene();
        change(&mut scene);
        decide(&Command::parse(&args), &scene).action
    }

    #[test]
    fn table() {
        let plain = |_: &mut Scene| {};
        let vendor = |s: &mut Scene| s.vendor = true;
        let off = |s: &mut Scene| s.list = ListKind::Off;
        let off_private = |s: &mut Scene| (s.list, s.nothing_private) = (ListKind::Off, false);
        let unknown = |s: &mut Scene| s.list = ListKind::Unknown;
        let newer = |s: &mut Scene| s.missing_toolchain = wanted();
        let dry = |s: &mut Scene| s.goflags = vec!["-n".into()];
        assert_eq!(action("version", plain), Action::Exec);
        assert_eq!(action("build", plain), Action::Guard);
        assert_eq!(action("test ./...", plain), Action::Phase);
        assert_eq!(action("test -n ./...", plain), Action::Exec);
        assert_eq!(action("run .", dry), Action::Exec);
        assert_eq!(action("build", off), Action::Exec);
        assert_eq!(action("build", off_private), Action::Guard);
        assert_eq!(action("build", unknown), Action::Exec);
        assert_eq!(action("build", vendor), Action::Exec);
        assert_eq!(action("get ./...", vendor), Action::Guard);
        assert_eq!(action("mod tidy", vendor), Action::Guard);
        assert_eq!(action("install a@v1", vendor), Action::Guard);
        assert_eq!(action("run a@v1", vendor), Action::Phase);
        assert_eq!(action("version", newer), Action::ToolchainFirst);
        assert_eq!(action("build", newer), Action::Guard);
        assert_eq!(
            action("build", |s| (s.vendor, s.missing_toolchain) = (true, wanted())),
            Action::ToolchainFirst
        );
    }
}
