//! What to do when a toolchain that somebody asked for is not there. Pure, but for looking at the go that is there.

use super::find::RealGo;
use super::pin::Pin;
use super::provide::{Kind, Missing};
use super::version::Version;
use super::{floor, installed};
use crate::config::goenv::{self, GoEnv};
use crate::config::{Enforce, Install, Settings};
use crate::error::Error;
use crate::outcome::Code;
use crate::world::World;

const GOTOOLCHAIN: &str = "GOTOOLCHAIN";

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instead {
    /// The go that is there gets it: with GOTOOLCHAIN naming it, it downloads and runs it. The line for the user, if any.
    ByGo(Option<String>),
    /// Nothing runs: the line for the user, and the status.
    Refuse(String, Code),
}

/// The go that PATH gives, as far as it matters here.
#[derive(Debug, Clone, Default)]
pub struct Present {
    /// Whether there is one.
    pub exists: bool,
    /// Its version; `None` where it can't be told.
    pub version: Option<Version>,
    /// Whether it finds the wanted toolchain without a download.
    pub has_it: bool,
    /// Whether GOPROXY forbids it every download.
    pub offline: bool,
}

impl Present {
    /// Looks at a go, whose settings are `env`.
    pub fn look(real: Option<&RealGo>, want: &Version, world: &World, env: &GoEnv) -> Present {
        let root = real.and_then(|real| goenv::root_of(&real.path));
        Present {
            exists: real.is_some(),
            version: root.as_deref().and_then(installed::version_at),
            has_it: floor::is_at_hand(world, env, &want.toolchain_name()),
            offline: floor::is_offline(env),
        }
    }

    /// Whether, told so by GOTOOLCHAIN, it would download the wanted toolchain by itself.
    pub fn gets(&self, want: &Version) -> bool {
        self.knows_toolchains() == Some(true) && want.is_toolchain()
    }

    fn knows_toolchains(&self) -> Option<bool> {
        self.version.as_ref().map(Version::knows_toolchains)
    }
}

/// Whether a pinned toolchain needs nothing from us: go has it at hand, or GOTOOLCHAIN names it, which go follows by itself
/// unless it is known to be too old for that.
pub fn is_gos_affair(pin: &Pin, present: &Present, settings: &Settings) -> bool {
    let named = pin.is_gos_own() && settings.pin.install != Install::Never;
    match present.knows_toolchains() {
        Some(true) => present.has_it || named,
        Some(false) => false,
        None => present.exists && named,
    }
}

/// Whether a pinned toolchain is ours to install before `program` runs: `pin.install` allows it, and the go that is there
/// would not get it by itself. gofmt never does.
pub fn is_ours(want: &Version, present: &Present, install: Install, program: &str) -> bool {
    install != Install::Never && (program != "go" || !present.gets(want))
}

/// What to do about a pinned toolchain that can't be provided.
pub fn pinned(
    want: &Version,
    pin: &Pin,
    missing: &Missing,
    present: &Present,
    settings: &Settings,
) -> Instead {
    let name = want.toolchain_name();
    let refuse = |why: &str, code| {
        let what = format!("{name}, pinned by {}, {}{why}", pin.place, missing.what);
        Instead::Refuse(Error::new(what, &missing.fix).to_string(), code)
    };
    let able = present.gets(want);
    match (missing.kind, settings.pin.install) {
        (Kind::Passing, _) => refuse("", Code::TryAgain),
        (Kind::NotTried, Install::Never) => refuse(" (pin.install = never)", Code::Refused),
        (Kind::NotTried, install) if able => {
            let line = match present.offline {
                true => format!(
                    "{name}, pinned by {}, is not installed, and GOPROXY is off; {}",
                    pin.place, missing.fix
                ),
                false => format!(
                    "{name}, pinned by {}, is not installed; go downloads it",
                    pin.place
                ),
            };
            // Who sets GOTOOLCHAIN asks go for it, and go says what it does.
            let told = install == Install::Auto && !pin.is_gos_own();
            Instead::ByGo(told.then_some(line))
        }
        (Kind::NotTried | Kind::Refused, _) => refuse("", Code::Refused),
    }
}

/// What to do about a toolchain that go itself would download, `by` the place that asks for it.
pub fn floor(name: &str, by: &str, settings: &Settings) -> Instead {
    let fix = format!("gosteady toolchain install {}", name.trim_start_matches("go"));
    let refuse = |why: &str| {
        let text = format!("{name}, asked for by {by}, is not installed ({why}); {fix}");
        Instead::Refuse(text, Code::Refused)
    };
    match (settings.pin.install, settings.pin.enforce) {
        (Install::Never, _) => refuse("pin.install = never"),
        (_, Enforce::Refuse) => refuse("pin.enforce = refuse"),
        (Install::Auto, _) if by != GOTOOLCHAIN => Instead::ByGo(Some(format!(
            "{name}, asked for by {by}, is not installed; go downloads it"
        ))),
        (Install::Auto | Install::Always, _) => Instead::ByGo(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::provide;
    use std::path::Path;

    fn shown(instead: Instead) -> String {
        match instead {
            Instead::ByGo(line) => format!("go: {}", line.unwrap_or_default()),
            Instead::Refuse(text, code) => format!("{}: {text}", code as i32),
        }
    }

    fn pinned_by(kind: Kind, present: Option<&str>, want: &str, change: impl Fn(&mut Settings)) -> String {
        let want = Version::parse(want).unwrap();
        let pin = Pin::in_file(".go-version", Path::new("/p/.go-version"), 1, &want.to_string());
        let missing = Missing {
            what: "is not installed".into(),
            fix: provide::fix(&want),
            kind,
        };
        let mut settings = Settings::default();
        change(&mut settings);
        let present = Present {
            exists: present.is_some(),
            version: present.and_then(Version::parse),
            ..Present::default()
        };
        shown(pinned(&want, &pin, &missing, &present, &settings))
    }

    #[test]
    fn whose_it_is_to_install() {
        let want = Version::parse("1.22.1").unwrap();
        for (program, present, install, ours) in [
            ("go", Some("1.26.1"), Install::Auto, false),
            ("go", Some("1.19.8"), Install::Auto, true),
            ("go", None, Install::Always, true),
            ("go", None, Install::Never, false),
            ("gofmt", Some("1.26.1"), Install::Auto, true),
        ] {
            let present = Present {
                exists: present.is_some(),
                version: present.and_then(Version::parse),
                ..Present::default()
            };
            assert_eq!(is_ours(&want, &present, install, program), ours, "{program}");
        }
    }

    #[test]
    fn without_advice_a_line_ends_where_it_should() {
        let want = Version::parse("1.22.1").unwrap();
        let pin = Pin::in_file(".go-version", Path::new("/p/.go-version"), 1, "1.22.1");
        let missing = Missing {
            what: "could not be installed: no network".into(),
            fix: String::new(),
            kind: Kind::Refused,
        };
        let instead = pinned(&want, &pin, &missing, &Present::default(), &Settings::default());
        assert!(shown(instead).ends_with("no network"));
    }

    #[test]
    fn pins() {
        let plain = |_: &mut Settings| {};
        assert_eq!(
            pinned_by(Kind::NotTried, Some("1.26.1"), "1.22.1", plain),
            "go: go1.22.1, pinned by /p/.go-version:1, is not installed; go downloads it"
        );
        assert_eq!(
            pinned_by(Kind::NotTried, Some("1.26.1"), "1.22.1", |s| s.pin.install =
                Install::Always),
            "go: "
        );
        let refused =
            "go1.22.1, pinned by /p/.go-version:1, is not installed; gosteady toolchain install 1.22.1";
        for present in [None, Some("1.19.8")] {
            assert_eq!(
                pinned_by(Kind::NotTried, present, "1.22.1", plain),
                format!("78: {refused}")
            );
        }
        assert!(pinned_by(Kind::NotTried, Some("1.26.1"), "1.22", plain).starts_with("78: go1.22, "));
        assert_eq!(
            pinned_by(Kind::Passing, Some("1.26.1"), "1.22.1", plain),
            format!("75: {refused}")
        );
        assert!(pinned_by(Kind::Refused, Some("1.26.1"), "1.22.1", plain).starts_with("78: "));
        assert!(
            pinned_by(Kind::NotTried, Some("1.26.1"), "1.22.1", |s| s.pin.install =
                Install::Never)
            .contains("(pin.install = never)")
        );
    }

    #[test]
    fn what_go_does_by_itself() {
        let file = Pin::in_file(".go-version", Path::new("/p/.go-version"), 1, "1.22.1");
        let variable = Pin::gotoolchain("go1.22.1").unwrap();
        // (version of the go, it has the toolchain, for a file, for GOTOOLCHAIN)
        for (version, has_it, by_file, by_variable) in [
            (Some("1.26.1"), false, false, true),
            (Some("1.26.1"), true, true, true),
            (Some("1.19.1"), true, false, false),
            (None, true, false, true),
        ] {
            let present = Present {
                exists: true,
                version: version.and_then(Version::parse),
                has_it,
                offline: false,
            };
            let affair = |pin| is_gos_affair(pin, &present, &Settings::default());
            assert_eq!(
                (affair(&file), affair(&variable)),
                (by_file, by_variable),
                "{version:?} {has_it}"
            );
        }
        assert!(!is_gos_affair(
            &variable,
            &Present::default(),
            &Settings::default()
        ));
    }

    #[test]
    fn floors() {
        let mut settings = Settings::default();
        let by = |settings: &Settings| shown(floor("go1.30.0", "go.mod:3", settings));
        assert_eq!(
            by(&settings),
            "go: go1.30.0, asked for by go.mod:3, is not installed; go downloads it"
        );
        assert_eq!(shown(floor("go1.30.0", "GOTOOLCHAIN", &settings)), "go: ");
        settings.pin.enforce = Enforce::Refuse;
        assert_eq!(
            by(&settings),
            "78: go1.30.0, asked for by go.mod:3, is not installed (pin.enforce = refuse); gosteady toolchain install 1.30.0"
        );
        settings.pin.enforce = Enforce::Switch;
        settings.pin.install = Install::Never;
        assert!(by(&settings).contains("pin.install = never"));
        settings.pin.install = Install::Always;
        assert_eq!(by(&settings), "go: ");
    }
}
