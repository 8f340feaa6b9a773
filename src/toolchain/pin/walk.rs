//! Looking for pins: every statement about Go from the working directory upwards. The only part of `pin` that reads files.

use super::Pin;
use super::files::KINDS;
use crate::bounded;
use crate::config::Sourced;
use crate::config::file::{self, Content};
use crate::gomod;
use std::path::Path;

/// How far to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// To the nearest directory that says something: enough to choose.
    Nearest,
    /// All the way up: to tell what is overridden too.
    All,
}

/// The project's pins at and above a directory, in the order of their rank. `configured` are the values of `go.version` in
/// project files, which stand before the others of their directory. The search goes up to the root, as that of go.mod
/// does.
pub fn project(dir: &Path, configured: &[Sourced<String>], reach: Reach) -> Vec<Pin> {
    let mut configured: Vec<Pin> = configured
        .iter()
        .map(|s| Pin::configured(&s.value, &s.origin))
        .filter(|pin| pin.project)
        .collect();
    let mut found = Vec::new();
    for dir in dir.ancestors() {
        if let Some(at) = configured.iter().position(|pin| pin.place.dir() == Some(dir)) {
            found.push(configured.remove(at));
        }
        for kind in KINDS {
            let path = dir.join(kind.name);
            let said = match file::read(&path) {
                Content::Absent => continue,
                Content::Unreadable(why) => {
                    found.push(faulty(kind.name, &path, 1, &format!("can't be read: {why}")));
                    continue;
                }
                Content::Bytes(bytes) => (kind.read)(&String::from_utf8_lossy(&bytes)),
            };
            match said {
                Ok(None) => {}
                Ok(Some((line, text))) => found.push(Pin::in_file(kind.name, &path, line, &text)),
                Err(fault) => found.push(faulty(kind.name, &path, fault.line, &fault.why)),
            }
        }
        if reach == Reach::Nearest && !found.is_empty() {
            break;
        }
    }
    found
}

/// The pin that the `toolchain` line of go.work or go.mod is under `pin.toolchain-line = "exact"`.
pub fn toolchain_line(file: &Path) -> Option<Pin> {
    let text = bounded::read_file(file).ok()?;
    let name = gomod::head(&text).toolchain.filter(|name| name != "default")?;
    let line = gomod::line_of(&text, "toolchain")?;
    Some(Pin::in_file("toolchain line", file, line, &name))
}

fn faulty(rule: &'static str, path: &Path, line: usize, why: &str) -> Pin {
    Pin {
        want: Err(crate::config::printable(why, 200)),
        ..Pin::in_file(rule, path, line, "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Origin;

    #[test]
    fn the_nearest_directory_and_all_of_them() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir_all(at("a/b")).unwrap();
        std::fs::write(at("mise.toml"), "[tools]\ngo = \"1.20.1\"\n").unwrap();
        std::fs::write(at("a/.tool-versions"), "nodejs 20\ngolang 1.21.1\n").unwrap();
        std::fs::write(at("a/.go-version"), b"1.22.1\n").unwrap();
        let configured = [Sourced {
            value: "1.23.1".into(),
            origin: Origin::File {
                path: at("a/gosteady.toml"),
                line: 2,
                column: 1,
            },
        }];
        let texts = |reach| -> Vec<String> {
            let pins = project(&at("a/b"), &configured, reach);
            pins.into_iter()
                .map(|p| format!("{} {}", p.rule, p.text))
                .collect()
        };
        let near = ["go.version 1.23.1", ".go-version 1.22.1", ".tool-versions 1.21.1"];
        assert_eq!(texts(Reach::Nearest), near);
        assert_eq!(texts(Reach::All)[3], "mise.toml 1.20.1");
    }

    #[test]
    fn what_cant_be_read_is_a_pin_that_cant_be_followed() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(".go-version")).unwrap();
        std::fs::write(dir.path().join(".tool-versions"), b"golang \xff\n").unwrap();
        std::fs::write(dir.path().join("mise.toml"), "[tools]\ngo = 1\n").unwrap();
        let pins = project(dir.path(), &[], Reach::Nearest);
        assert_eq!(pins.len(), 3);
        assert!(pins.iter().all(|p| p.want.is_err()), "{pins:?}");
    }

    #[test]
    fn toolchain_lines() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("go.mod");
        let pin = |text: &str| {
            std::fs::write(&file, text).unwrap();
            toolchain_line(&file).map(|p| p.place.to_string().replace(dir.path().to_str().unwrap(), ""))
        };
        assert_eq!(
            pin("module m\n\ngo 1.22\ntoolchain go1.22.1\n").as_deref(),
            Some("/go.mod:4")
        );
        assert_eq!(pin("module m\ntoolchain default\n"), None);
        assert_eq!(pin("module m\n"), None);
    }
}
