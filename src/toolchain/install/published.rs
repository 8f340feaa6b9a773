//! Which toolchains there are, by what a mirror lists. A list is nobody's word but the mirror's: an old one hides new
//! patches. What is installed is verified all the same.

use super::failure::{Failure, Kind, missed};
use super::name::{MODULE, Toolchain};
use crate::fetch::Fetch;
use crate::toolchain::version::Version;
use std::path::Path;

/// The longest list, in bytes.
const MOST: u64 = 16 << 20;

/// The newest published release of a line such as `1.26`, or of all.
pub fn resolve(line: Option<&String>, fetch: &dyn Fetch) -> Result<Toolchain, Failure> {
    let mut text = Vec::new();
    let what = "the list of published toolchains could not be fetched";
    fetch
        .module(&format!("{MODULE}/@v/list"), MOST, &mut text)
        .map_err(|m| missed(what, m, Path::new("memory")))?;
    newest(line.map(String::as_str), &String::from_utf8_lossy(&text)).ok_or_else(|| {
        let line = line.map_or(String::new(), |line| format!(" of go{line}"));
        let (os, arch) = crate::world::platform();
        Failure::new(
            Kind::Unknown,
            format!("no release{line} for {os}/{arch} is listed"),
            "see https://go.dev/dl/ for what there is",
        )
    })
}

fn newest(line: Option<&str>, list: &str) -> Option<Toolchain> {
    let versions = list.lines().filter_map(|l| l.split_whitespace().next());
    versions
        .filter_map(Toolchain::of_version)
        .filter(|toolchain| {
            let bare = toolchain.name().trim_start_matches("go");
            let release = bare.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            let of_line = line.is_none_or(|line| {
                bare.strip_prefix(line)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            });
            release && of_line
        })
        .filter_map(|toolchain| Some((Version::parse(toolchain.name())?, toolchain)))
        .max_by(|a, b| a.0.cmp(&b.0))
        .map(|(_, toolchain)| toolchain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::platform;

    #[test]
    fn newest_patches() {
        let (os, arch) = platform();
        let names = [
            "go1.2.2",
            "go1.20",
            "go1.20.14",
            "go1.20.9",
            "go1.26.9",
            "go1.26.10",
            "go1.27rc1",
            "go1.2.1",
        ];
        let mut list: String = names
            .iter()
            .map(|n| format!("v0.0.1-{n}.{os}-{arch}\n"))
            .collect();
        list.push_str("v0.0.1-go1.26.11.plan9-mips\nv0.0.1-go1.28.0\nscribble\n\n");
        for (line, want) in [
            (Some("1.26"), Some("go1.26.10")),
            (Some("1.20"), Some("go1.20.14")),
            (Some("1.2"), Some("go1.2.2")),
            (Some("1.27"), None),
            (Some("1.99"), None),
            (None, Some("go1.26.10")),
        ] {
            let got = newest(line, &list);
            assert_eq!(got.as_ref().map(Toolchain::name), want, "{line:?}");
        }
    }
}
