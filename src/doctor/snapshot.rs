//! What a machine looks like, to be compared with another one: a laptop with CI.

use super::report::Report;
use super::subject::Subject;
use crate::error::Error;
use crate::trace::redact;
use crate::ui::Style;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// What is printed first where nothing differs.
pub const SAME: &str = "Nothing differs";

/// Facts by name; values are text without secrets.
pub type Facts = BTreeMap<String, String>;

/// go's settings that decide about downloads and builds.
const SETTINGS: &[&str] = &[
    "GO111MODULE",
    "GOAUTH",
    "GOFLAGS",
    "GOINSECURE",
    "GONOPROXY",
    "GONOSUMDB",
    "GOPRIVATE",
    "GOPROXY",
    "GOSUMDB",
    "GOTOOLCHAIN",
    "GOVCS",
    "GOWORK",
    "GOEXPERIMENT",
    "GOARCH",
    "GOOS",
    "CGO_ENABLED",
];

/// The facts of this machine.
pub fn of(subject: &Subject, report: &Report) -> Facts {
    let mut facts = Facts::new();
    let (os, arch) = crate::world::platform();
    facts.insert("platform".into(), format!("{os}/{arch}"));
    facts.insert("gosteady".into(), env!("CARGO_PKG_VERSION").into());
    facts.insert("go".into(), subject.env.go_version().unwrap_or_default());
    facts.insert("module".into(), subject.module.module.clone().unwrap_or_default());
    for name in SETTINGS {
        if let Some((value, _)) = subject.setting(name) {
            facts.insert((*name).into(), redact::value(name, &value.to_string_lossy()));
        }
    }
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"] {
        let lower = name.to_lowercase();
        let value = subject.world.text(name).or_else(|| subject.world.text(&lower));
        if let Some(value) = value {
            facts.insert(name.into(), redact::text(value).into_owned());
        }
    }
    for entry in subject.config.entries() {
        let value = redact::text(&entry.value.value).into_owned();
        facts.insert(format!("gosteady: {}", entry.key.path), value);
    }
    for (layer, finding) in report.findings() {
        let name = format!("{}: {}", layer.as_str(), finding.id);
        facts.insert(name, redact::text(&finding.what).into_owned());
    }
    facts
}

/// Writes them, whole or not at all; into what is no regular file as it is.
pub fn write(path: &Path, facts: &Facts) -> Result<(), Error> {
    if path == Path::new("-") {
        return Err(Error::new(
            "stdout has the report already",
            "name a file with --save",
        ));
    }
    let failed = |e: &dyn std::fmt::Display| {
        Error::new(
            format!("{} can't be written: {e}", path.display()),
            "name another file",
        )
    };
    let text = serde_json::json!({"schema": 1, "facts": facts});
    if path.metadata().is_ok_and(|m| !m.is_file() && !m.is_dir()) {
        return std::fs::write(path, format!("{text:#}\n")).map_err(|e| failed(&e));
    }
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(dir.unwrap_or(Path::new("."))).map_err(|e| failed(&e))?;
    writeln!(file, "{text:#}").map_err(|e| failed(&e))?;
    file.persist(path).map_err(|e| failed(&e.error))?;
    Ok(())
}

/// Reads what [`write`] wrote.
pub fn read(path: &Path) -> Result<Facts, Error> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|e| {
        Error::new(
            format!("{shown} can't be read: {e}"),
            "write it with --save on the other machine",
        )
    })?;
    let broken = |why: String| Error::new(format!("{shown}: {why}"), "write it again with --save");
    let value: Value = serde_json::from_str(&text).map_err(|e| broken(e.to_string()))?;
    match value["schema"].as_u64() {
        Some(1) => {}
        Some(n) => return Err(broken(format!("schema {n} is newer than this gosteady"))),
        None => return Err(broken("not a file of gosteady doctor --save".into())),
    }
    serde_json::from_value(value["facts"].clone()).map_err(|e| broken(e.to_string()))
}

/// Only what differs, in the order of the names.
pub fn compare(there: &Facts, here: &Facts, style: Style) -> String {
    let mut names: Vec<&String> = there.keys().chain(here.keys()).collect();
    names.sort();
    names.dedup();
    let mut text = String::new();
    for name in names
        .into_iter()
        .filter(|name| there.get(*name) != here.get(*name))
    {
        let shown = |facts: &Facts| match facts.get(name) {
            None => "(none)".to_owned(),
            Some(value) if value.is_empty() => "(empty)".to_owned(),
            Some(value) => value.clone(),
        };
        text.push_str(&format!(
            "{}\n  there  {}\n  here   {}\n",
            style.bold(name),
            shown(there),
            shown(here)
        ));
    }
    if text.is_empty() {
        return format!("{SAME} of {} facts.\n", here.len());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_differences_are_told_and_files_come_back() {
        let facts = |pairs: &[(&str, &str)]| -> Facts {
            pairs
                .iter()
                .map(|(k, v)| (k.to_string(), v.to_string()))
                .collect()
        };
        let (a, b) = (
            facts(&[("go", "go1.26.6"), ("GOPROXY", "https://a"), ("GOFLAGS", "")]),
            facts(&[("go", "go1.26.8"), ("GOPROXY", "https://a")]),
        );
        let text = compare(&a, &b, Style::plain());
        assert_eq!(
            text,
            "GOFLAGS\n  there  (empty)\n  here   (none)\ngo\n  there  go1.26.6\n  here   go1.26.8\n"
        );
        assert!(compare(&a, &a, Style::plain()).starts_with(SAME));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("laptop.json");
        write(&path, &a).unwrap();
        assert_eq!(read(&path).unwrap(), a);
        for (text, why) in [("{", "EOF"), ("{}", "not a file"), (r#"{"schema": 2}"#, "newer")] {
            std::fs::write(&path, text).unwrap();
            assert!(read(&path).unwrap_err().to_string().contains(why), "{text}");
        }
        assert!(write(&dir.path().join("none/x"), &a).is_err());
    }

    #[test]
    fn what_is_no_file_is_not_replaced() {
        use std::os::unix::fs::FileTypeExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        // Held open, so that neither side waits for the other.
        let held = std::fs::OpenOptions::new().read(true).write(true).open(&path);
        write(&path, &Facts::new()).unwrap();
        assert!(path.metadata().unwrap().file_type().is_fifo());
        drop(held);
    }
}
