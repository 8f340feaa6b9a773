//! Which toolchain: its name, its module version, its directory.

use crate::toolchain::version::Version;
use crate::world::platform;

/// The module that toolchains are versions of (cmd/go/internal/toolchain/select.go: gotoolchainModule).
pub const MODULE: &str = "golang.org/toolchain";
const VERSION: &str = "v0.0.1-";

/// One release of Go for this machine, e.g. `go1.26.6` on linux/amd64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    name: String,
}

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// This one.
    Exactly(Toolchain),
    /// The newest patch of a line such as `1.26`; `None`: the newest release of all.
    Newest(Option<String>),
}

impl Request {
    /// Reads `1.26.6`, `go1.26.6`, `1.27rc1`, `1.26` or `latest`. `None` for anything else; a vendor's own toolchain
    /// (`1.26.6-corp`) is no version of the module.
    pub fn parse(text: &str) -> Option<Request> {
        let text = text.trim();
        if text == "latest" {
            return Some(Request::Newest(None));
        }
        let bare = text.strip_prefix("go").unwrap_or(text);
        if bare.split('.').count() == 2 && bare.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Version::parse(bare).map(|_| Request::Newest(Some(bare.to_owned())));
        }
        Toolchain::parse(bare).map(Request::Exactly)
    }
}

impl Toolchain {
    /// Reads the full version of a release or candidate, with or without `go`.
    pub fn parse(text: &str) -> Option<Toolchain> {
        let bare = text.strip_prefix("go").unwrap_or(text);
        let plain = bare.contains('.') && bare.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
        let is_one = plain && Version::parse(bare).is_some_and(|v| v.is_toolchain());
        is_one.then(|| Toolchain {
            name: format!("go{bare}"),
        })
    }

    /// `go1.26.6`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// With the platform: `go1.26.6.linux-amd64`.
    pub fn full_name(&self) -> String {
        let (os, arch) = platform();
        format!("{}.{os}-{arch}", self.name)
    }

    /// Its version as a module: `v0.0.1-go1.26.6.linux-amd64`.
    pub fn version(&self) -> String {
        format!("{VERSION}{}", self.full_name())
    }

    /// Module and version as they stand in its zip and in the module cache.
    pub fn versioned(&self) -> String {
        format!("{MODULE}@{}", self.version())
    }

    /// The toolchain that a version of the module is, if it is one for this machine.
    pub fn of_version(version: &str) -> Option<Toolchain> {
        let (os, arch) = platform();
        let name = version
            .strip_prefix(VERSION)?
            .strip_suffix(&format!(".{os}-{arch}"))?;
        Toolchain::parse(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests() {
        let exactly = |name: &str| Some(Request::Exactly(Toolchain { name: name.into() }));
        let newest = |line: &str| Some(Request::Newest(Some(line.into())));
        for (text, want) in [
            ("1.26.6", exactly("go1.26.6")),
            ("go1.26.6", exactly("go1.26.6")),
            ("1.21rc2", exactly("go1.21rc2")),
            ("1.26", newest("1.26")),
            ("go1.20", newest("1.20")),
            ("latest", Some(Request::Newest(None))),
            ("", None),
            ("1", None),
            ("stable", None),
            ("1.26.6-corp", None),
            ("1.26.", None),
            ("1.26.x", None),
            ("1.26.06", None),
            ("../1.26.6", None),
            ("1.26.6/x", None),
        ] {
            assert_eq!(Request::parse(text), want, "{text:?}");
        }
    }

    #[test]
    fn names() {
        let toolchain = Toolchain::parse("1.26.6").unwrap();
        let (os, arch) = platform();
        assert_eq!(
            toolchain.versioned(),
            format!("golang.org/toolchain@v0.0.1-go1.26.6.{os}-{arch}")
        );
        assert_eq!(Toolchain::of_version(&toolchain.version()), Some(toolchain));
        for other in [
            "v0.0.1-go1.26.6.plan9-mips",
            "v0.0.1-go1.26.6",
            "v0.0.2-go1.26.6.linux-amd64",
            "",
        ] {
            assert_eq!(Toolchain::of_version(other), None, "{other}");
        }
    }
}
