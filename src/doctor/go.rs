//! Toolchain: which go runs, and whether gosteady stands before it.

use super::check::Verdict;
use super::subject::Subject;
use crate::gomod::envfile;
use crate::toolchain::find::{self, NotFound};
use crate::toolchain::whose;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The go behind us.
pub fn real(subject: &Subject) -> Verdict {
    let mut verdict = Verdict::default();
    match &subject.go {
        Ok(go) => {
            let version = subject.env.go_version();
            let version = version.unwrap_or_else(|| "a go of unknown version".into());
            verdict.saw(format!("{version} at {} ({})", go.path.display(), go.why));
            for path in &go.skipped {
                verdict.found(
                    "foreign-shim",
                    format!("{} is not a go but another manager's shim", path.display()),
                    path.display().to_string(),
                    "",
                );
            }
        }
        Err(NotFound::Nowhere { .. }) => verdict.found(
            "go-missing",
            "no go was found",
            format!("PATH={}", subject.world.text("PATH").unwrap_or_default()),
            "install Go from https://go.dev/dl behind gosteady on PATH, or have one fetched: gosteady pin VERSION",
        ),
        Err(NotFound::NotRunnable(path)) => verdict.found(
            "go-not-runnable",
            format!("{} is not executable", path.display()),
            path.display().to_string(),
            format!("chmod +x {}", path.display()),
        ),
    }
    verdict
}

/// Whether a go command reaches us first.
pub fn first_on_path(subject: &Subject) -> Verdict {
    let mut verdict = Verdict::default();
    let goes = subject.world.path_dirs().map(|dir| dir.join("go"));
    let goes: Vec<PathBuf> = goes.filter(|go| find::is_executable(go)).collect();
    let ours = goes.iter().position(|go| whose::is_gosteady(&subject.world, go));
    match ours {
        Some(0) => verdict.saw(format!("gosteady is first on PATH: {}", goes[0].display())),
        Some(at) => verdict.found(
            "shim-not-first",
            format!("{} comes before gosteady on PATH", goes[0].display()),
            format!("{} is number {} on PATH", goes[at].display(), at + 1),
            format!(
                "export PATH=\"{}:$PATH\"   # in CI after every step that installs a Go",
                goes[at].parent().unwrap_or(Path::new("")).display()
            ),
        ),
        None => verdict.found(
            "shim-not-on-path",
            "gosteady's go is not on PATH",
            goes.first().map_or("no go on PATH".into(), |go| {
                format!("first on PATH: {}", go.display())
            }),
            "run install.sh, which prints the line for your shell",
        ),
    }
    verdict
}

/// Links of that name on PATH that lead nowhere, or to another gosteady than this one.
pub fn shims(subject: &Subject) -> Verdict {
    let mut verdict = Verdict::default();
    for path in subject.world.path_dirs().map(|dir| dir.join("go")) {
        let Ok(target) = std::fs::read_link(&path) else {
            continue;
        };
        let shown = format!("{} -> {}", path.display(), target.display());
        let remove = format!("rm {}   # or run install.sh again", path.display());
        let Ok(file) = std::fs::canonicalize(&path) else {
            let what = format!("{} leads nowhere", path.display());
            verdict.found("shim-dangling", what, shown, remove);
            continue;
        };
        let name = file.file_name().unwrap_or_default().as_bytes();
        if name.starts_with(b"gosteady") && !whose::is_gosteady(&subject.world, &path) {
            let what = format!("{} belongs to another gosteady", path.display());
            verdict.found("shim-stale", what, shown, remove);
        }
    }
    verdict
}

/// GOROOT, and what `go env -w` wrote but the environment hides.
pub fn env(subject: &Subject) -> Verdict {
    let mut verdict = Verdict::default();
    if let (Ok(go), Some((root, from))) = (&subject.go, subject.setting("GOROOT")) {
        let own = std::fs::canonicalize(&go.path).ok();
        let own = own.as_deref().and_then(|p| p.parent()?.parent());
        let set = std::fs::canonicalize(&root).ok();
        let is_root = |dir: &Path| dir.join("VERSION").is_file();
        if let Some(own) = own.filter(|own| is_root(own) && set.as_deref() != Some(own)) {
            let version = |dir: &Path| {
                let text = std::fs::read_to_string(dir.join("VERSION")).unwrap_or_default();
                text.lines().next().unwrap_or("no release").to_owned()
            };
            verdict.found(
                "goroot-foreign",
                format!("GOROOT is not that of {}", go.path.display()),
                format!(
                    "GOROOT={} ({}; set by {from}), its own: {} ({})",
                    Path::new(&root).display(),
                    version(Path::new(&root)),
                    own.display(),
                    version(own)
                ),
                "unset GOROOT; go env -u GOROOT",
            );
        }
    }
    for (name, value) in &subject.world.env {
        let Some(name) = name
            .to_str()
            .filter(|n| n.starts_with("GO") || n.starts_with("CGO_"))
        else {
            continue;
        };
        let written = envfile::value(&subject.env.user, name).filter(|v| !v.is_empty());
        if let Some(written) = written.filter(|w| !value.is_empty() && *w != value.as_bytes()) {
            let shown = |v: &[u8]| crate::trace::redact::value(name, &String::from_utf8_lossy(v));
            verdict.found(
                "env-shadows-goenv",
                format!("{name} of the environment hides what go env -w wrote"),
                format!("{name}={} hides {}", shown(value.as_bytes()), shown(written)),
                format!("unset {name}   # or: go env -u {name}"),
            );
        }
    }
    verdict
}
