//! What go would show to a private host, never the value.

use super::check::Verdict;
use super::list;
use super::subject::Subject;
use crate::cause::Cause;
use crate::gomod::pattern;
use crate::proxy::credentials;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

/// How long the commands of GOAUTH may take together.
pub const HELPERS: Duration = Duration::from_secs(10);

/// Netrc, GOAUTH's helpers, git.
pub fn look(subject: &Subject) -> Verdict {
    let mut verdict = Verdict::default();
    netrc(subject, &mut verdict);
    let goauth = subject.text("GOAUTH");
    match credentials::programs(&goauth) {
        Ok(programs) => {
            for program in programs {
                match subject.world.program(&program) {
                    Some(path) => verdict.saw(format!("GOAUTH helper {}", path.display())),
                    None => verdict.found(
                        "goauth-helper-missing",
                        format!("GOAUTH names {program}, which is not on PATH"),
                        format!("GOAUTH={}", crate::trace::redact::value("GOAUTH", &goauth)),
                        "install it, or go env -u GOAUTH",
                    ),
                }
            }
        }
        Err(why) => verdict.found(
            "goauth-helper-missing",
            "go refuses GOAUTH",
            why,
            "see go help goauth",
        ),
    }
    let kept = subject.env.gonoproxy();
    let direct = list::upstreams(subject).is_empty() && subject.goproxy().contains("direct");
    let private = subject
        .module
        .requires
        .iter()
        .any(|r| pattern::matches_prefix(&kept, &r.path));
    if (direct || private) && subject.world.program("git").is_none() {
        verdict.found(
            "git-missing",
            "git is not on PATH",
            "some modules here are fetched directly",
            "install git",
        );
    }
    verdict
}

/// Runs the commands of GOAUTH.
pub fn helpers(subject: &Subject) -> Verdict {
    let mut verdict = Verdict::default();
    for (program, known) in credentials::rehearse(&subject.text("GOAUTH"), &subject.world, HELPERS) {
        match known {
            Ok(count) => verdict.saw(format!("GOAUTH helper {program} knows {count} addresses")),
            Err(why) => verdict.cause(
                Cause::GoauthHelper,
                format!("GOAUTH helper {program} gives nothing"),
                why,
                "",
            ),
        }
    }
    verdict
}

fn netrc(subject: &Subject, verdict: &mut Verdict) {
    let Some(path) = credentials::netrc_path(&subject.world) else {
        return;
    };
    let Ok(metadata) = std::fs::metadata(&path) else {
        return;
    };
    let mode = metadata.permissions().mode() & 0o777;
    match std::fs::read(&path) {
        Ok(_) => verdict.saw(format!("netrc {} (mode {mode:03o})", path.display())),
        Err(error) => verdict.found(
            "netrc-unreadable",
            format!("{} can't be read", path.display()),
            error.to_string(),
            format!("chmod u+r {}", path.display()),
        ),
    }
    if mode & 0o077 != 0 {
        verdict.found(
            "netrc-readable",
            format!("{} is open to others", path.display()),
            format!("mode {mode:03o}"),
            format!("chmod 600 {}", path.display()),
        );
    }
}
