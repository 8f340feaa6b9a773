//! Module context: which go.mod and go.work decide.

use super::check::Verdict;
use super::subject::Subject;
use crate::bounded;
use crate::gomod;
use crate::ui::words;
use std::path::{Path, PathBuf};

/// The module and the workspace around the working directory.
pub fn context(subject: &Subject) -> Verdict {
    let mut verdict = Verdict::default();
    if subject.text("GO111MODULE") == "off" {
        let (_, from) = subject.setting("GO111MODULE").unwrap_or_default();
        verdict.found(
            "modules-off",
            "GO111MODULE=off",
            format!("set by {from}"),
            "unset GO111MODULE; go env -u GO111MODULE",
        );
    }
    let cwd = subject.world.cwd.as_deref().unwrap_or(Path::new(""));
    let Some(gomod) = &subject.gomod else {
        verdict.found(
            "no-module",
            "no go.mod here or above",
            format!("looked from {} upwards", cwd.display()),
            "cd into the module, or: go mod init example.com/name",
        );
        return verdict;
    };
    let name = subject
        .module
        .module
        .as_deref()
        .unwrap_or("without a module line");
    verdict.saw(format!(
        "module {name} ({}), {}",
        gomod.display(),
        words::count(subject.module.requires.len() as u64, "requirement")
    ));
    let outside = |file: &Path| {
        subject
            .repository
            .as_deref()
            .is_some_and(|root| !file.starts_with(root))
    };
    if outside(gomod) {
        verdict.found(
            "go-mod-outside-repository",
            format!("{} lies above the repository", gomod.display()),
            format!(
                "repository: {}",
                subject.repository.as_deref().unwrap_or(cwd).display()
            ),
            "go mod init in the repository, or remove the stray go.mod",
        );
    }
    if let Some(gowork) = &subject.gowork {
        workspace(gowork, gomod, outside(gowork), &mut verdict);
    }
    verdict
}

fn workspace(gowork: &Path, gomod: &Path, outside: bool, verdict: &mut Verdict) {
    let root = gowork.parent().unwrap_or(Path::new(""));
    let uses = gomod::workspace_uses(&bounded::read_file(gowork).unwrap_or_default(), root);
    let ours = gomod.parent().unwrap_or(Path::new(""));
    let same = |dir: &PathBuf| match (std::fs::canonicalize(dir), std::fs::canonicalize(ours)) {
        (Ok(used), Ok(ours)) => used == ours,
        _ => false,
    };
    verdict.saw(format!(
        "workspace {} of {}",
        gowork.display(),
        words::count(uses.len() as u64, "module")
    ));
    if outside {
        verdict.found(
            "go-work-outside-repository",
            format!("{} lies above the repository", gowork.display()),
            gowork.display().to_string(),
            "GOWORK=off for one command, or remove the stray go.work",
        );
    }
    if !uses.iter().any(same) {
        let used: Vec<_> = uses.iter().map(|dir| dir.display().to_string()).collect();
        verdict.found(
            "go-work-without-module",
            format!(
                "the module of this directory is not one that {} uses",
                gowork.display()
            ),
            format!("it uses {}", used.join(", ")),
            format!(
                "(cd {} && go work use {})   # or GOWORK=off for one command",
                root.display(),
                ours.display()
            ),
        );
    }
}
