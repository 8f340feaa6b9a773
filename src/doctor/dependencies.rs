//! The whole way of one module: who knows it, and why a 404 is one.

use super::check::{Check, LOOK, Layer, Verdict};
use super::list;
use super::subject::Subject;
use crate::gomod::pattern;
use crate::proxy::probe;
use std::sync::Arc;
use std::time::Duration;

/// How long all upstreams together may take.
const ASKED: Duration = Duration::from_secs(15);

/// The check of `MODULE[@VERSION]`.
pub fn check(asked: &str) -> Check {
    let module = asked.to_owned();
    let run = move |subject: &Subject| of_module(subject, &module);
    Check::new(asked, Layer::Dependencies, run).within(ASKED + LOOK)
}

fn of_module(subject: &Subject, asked: &str) -> Verdict {
    let mut verdict = Verdict::default();
    let (module, version) = match asked.split_once('@') {
        Some((module, version)) => (module, Some(version)),
        None => (asked, None),
    };
    let kept = subject.env.gonoproxy();
    if pattern::matches_prefix(&kept, module) {
        verdict.found(
            "module-unasked",
            format!("{module} is private by GOPRIVATE/GONOPROXY"),
            kept,
            format!("GIT_TERMINAL_PROMPT=0 git ls-remote https://{module}"),
        );
        return verdict;
    }
    let file = match version {
        Some(version) => format!("@v/{version}.info"),
        None => "@latest".to_owned(),
    };
    let wire = probe::module_file(module, &file);
    let upstreams = list::upstreams(subject);
    let (mut known, mut unsure, mut answers) = (false, false, Vec::new());
    for upstream in &upstreams {
        let world = Arc::new(subject.world.clone());
        let bound = ASKED / upstreams.len() as u32;
        let answer = match probe::ask(&world, &subject.text("GOAUTH"), upstream.file(&wire), bound) {
            Ok(seen) => {
                known |= seen.status == 200;
                unsure |= !matches!(seen.status, 200 | 404 | 410);
                let text = String::from_utf8_lossy(&seen.body);
                let line: String = text
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .chars()
                    .take(160)
                    .collect();
                format!("{}: {} {line}", upstream.shown, seen.status_text)
            }
            Err(trouble) => {
                unsure = true;
                format!("{}: {}", upstream.shown, trouble.reason())
            }
        };
        verdict.saw(answer.clone());
        answers.push(answer);
    }
    if known || upstreams.is_empty() {
        return verdict;
    }
    if let Some((wanted, why)) = renamed(module, version, &subject.module.requires) {
        verdict.found(
            why,
            format!("{module} should be {wanted}"),
            answers.join("\n"),
            format!("go get {wanted}"),
        );
    } else if unsure {
        verdict.found(
            "module-unanswered",
            format!("nobody can say whether there is {asked}"),
            answers.join("\n"),
            "mend what is found about the upstreams, then ask again",
        );
    } else {
        verdict.found(
            "module-not-found",
            format!("no upstream has {asked}"),
            answers.join("\n"),
            "private? go env -w GOPRIVATE=HOST; not tagged yet, moved or gone? look at its repository",
        );
    }
    verdict
}

/// The path that was probably meant, and the finding that says so.
fn renamed(
    module: &str,
    version: Option<&str>,
    requires: &[crate::gomod::Require],
) -> Option<(String, &'static str)> {
    let same = requires
        .iter()
        .find(|r| r.path.eq_ignore_ascii_case(module) && r.path != module);
    if let Some(require) = same {
        return Some((require.path.clone(), "module-case"));
    }
    let major = version?
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse::<u64>()
        .ok()?;
    let last = module.rsplit('/').next()?;
    let stated = last.strip_prefix('v').and_then(|n| n.parse::<u64>().ok());
    let compatible = version?.ends_with("+incompatible") || module.starts_with("gopkg.in/");
    if major < 2 || compatible || stated == Some(major) {
        return None;
    }
    let base = match stated {
        Some(_) => module.rsplit_once('/')?.0,
        None => module,
    };
    Some((format!("{base}/v{major}@{}", version?), "module-major"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gomod::Require;

    #[test]
    fn names_that_were_meant() {
        let requires = [Require {
            path: "github.com/Masterminds/semver".into(),
            version: "v1.5.0".into(),
            indirect: false,
        }];
        for (module, version, meant) in [
            (
                "github.com/masterminds/semver",
                None,
                Some("github.com/Masterminds/semver"),
            ),
            ("a.io/x", Some("v2.1.0"), Some("a.io/x/v2@v2.1.0")),
            ("a.io/x/v2", Some("v3.0.0"), Some("a.io/x/v3@v3.0.0")),
            ("a.io/x/v2", Some("v2.1.0"), None),
            ("a.io/x", Some("v2.1.0+incompatible"), None),
            ("a.io/x", Some("v1.0.0"), None),
            ("gopkg.in/yaml.v3", Some("v3.0.1"), None),
        ] {
            let got = renamed(module, version, &requires).map(|(path, _)| path);
            assert_eq!(got.as_deref(), meant, "{module} {version:?}");
        }
    }
}
