//! Private modules: whether git reaches their repositories, over https and over ssh, as go would try and without a
//! prompt; and what GOVCS says of git.

use super::check::{Check, Layer, Verdict};
use super::program::{self, AtBound, Ended};
use super::subject::Subject;
use crate::cause::Cause;
use crate::cause::heard::Heard;
use crate::gomod::{pattern, semver};
use crate::trace::redact;
use std::process::Command;
use std::time::Duration;

/// How long one attempt may take.
const BOUND: Duration = Duration::from_secs(10);
/// More repositories are not tried: they mostly lie on the same hosts.
const MOST: usize = 4;

/// One check for each private repository that go.mod names, the first of each host before others.
pub fn checks(subject: &Subject) -> Vec<Check> {
    let tried = repositories(subject).into_iter().map(|repository| {
        let name = format!("git at {repository}");
        let run = move |subject: &Subject| look(subject, &repository);
        Check::new(&name, Layer::Credentials, run).within(BOUND + Duration::from_secs(2))
    });
    tried.collect()
}

fn repositories(subject: &Subject) -> Vec<String> {
    let kept = subject.env.gonoproxy();
    let mut found: Vec<String> = Vec::new();
    for require in &subject.module.requires {
        let replaced = subject.module.replaced.iter().any(|r| r.path == require.path);
        if pattern::matches_prefix(&kept, &require.path) && !replaced {
            let repository = repository(&require.path);
            if !found.contains(&repository) {
                found.push(repository);
            }
        }
    }
    let host = |repository: &str| repository.split('/').next().map(str::to_owned);
    let again = |at: usize| found[..at].iter().any(|other| host(other) == host(&found[at]));
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by_key(|at| again(*at));
    order.into_iter().take(MOST).map(|at| found[at].clone()).collect()
}

/// The repository that a module most probably lies in: up to an element that ends in `.git`, else `host/owner/name`.
fn repository(module: &str) -> String {
    if let Some((at, _)) = module.match_indices(".git").find(|(at, _)| {
        let after = &module[at + 4..];
        after.is_empty() || after.starts_with('/')
    }) {
        return module[..at + 4].to_owned();
    }
    let major = semver::path_major(module).unwrap_or_default();
    let bare = module.strip_suffix(major).unwrap_or(module);
    bare.split('/').take(3).collect::<Vec<_>>().join("/")
}

fn look(subject: &Subject, repository: &str) -> Verdict {
    let mut verdict = Verdict::default();
    // That it is missing is said elsewhere.
    let Some(git) = subject.world.program("git") else {
        return verdict;
    };
    let ask = |args: &[&str]| {
        let mut command = Command::new(&git);
        command
            .args(args)
            .env_clear()
            .envs(subject.world.env.iter().rev().cloned());
        quiet(&mut command, subject);
        program::run(&mut command, BOUND, AtBound::End)
    };
    // In go's order: cmd/go/internal/vcs (vcsGit.Scheme).
    let urls = [format!("https://{repository}"), format!("ssh://git@{repository}")];
    for url in &urls {
        if let Ok(ended) = ask(&["ls-remote", "--get-url", url])
            && ended.well()
            && ended.stdout.trim() != url
        {
            verdict.saw(format!(
                "git goes to {} for {url} (insteadOf)",
                redact::text(ended.stdout.trim())
            ));
        }
    }
    let attempts = std::thread::scope(|scope| {
        let threads =
            [&urls[0], &urls[1]].map(|url| scope.spawn(move || ask(&["ls-remote", "-q", url, "HEAD"])));
        threads.map(|thread| thread.join().ok().and_then(Result::ok))
    });
    let attempts: Vec<(&String, Ended)> = urls
        .iter()
        .zip(attempts)
        .filter_map(|(url, ended)| Some((url, ended?)))
        .collect();
    if let Some((url, ended)) = attempts.iter().find(|(_, ended)| ended.well()) {
        verdict.saw(format!("git reads {url}: {} ms", ended.took.as_millis()));
        return verdict;
    }
    let causes = attempts.iter().map(|(_, ended)| cause(ended));
    let Some(cause) = causes.min_by_key(|cause| cause.rank()) else {
        return verdict;
    };
    let said: Vec<String> = attempts.iter().map(|(url, ended)| told(url, ended)).collect();
    let what = format!("git can't read {repository}");
    verdict.cause(cause, what, said.join("\n"), &urls[0]);
    verdict
}

// As go runs it (cmd/go/internal/modload/init.go), and with no window either.
fn quiet(command: &mut Command, subject: &Subject) {
    command
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GCM_INTERACTIVE", "never")
        .env("GIT_ASKPASS", "true")
        .env("SSH_ASKPASS_REQUIRE", "never");
    let own = ["GIT_SSH", "GIT_SSH_COMMAND"]
        .iter()
        .any(|name| subject.world.set_var(name).is_some());
    if !own {
        command.env("GIT_SSH_COMMAND", "ssh -o ControlMaster=no -o BatchMode=yes");
    }
}

fn cause(ended: &Ended) -> Cause {
    if ended.status.is_none() {
        return Cause::VcsStalled;
    }
    let mut heard = Heard::default();
    // As go passes it on.
    ended
        .stderr
        .lines()
        .for_each(|line| heard.hear(&format!("\t{line}")));
    heard.cause().unwrap_or(Cause::GitAuthFailed)
}

/// The line of git's words that tells most: what ssh said before git gave up, or git's own.
fn told(url: &str, ended: &Ended) -> String {
    if ended.status.is_none() {
        let bound = humantime::format_duration(BOUND);
        return format!("{url}: no answer within {bound}");
    }
    let lines = || {
        ended
            .stderr
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
    };
    let general =
        |line: &&str| !line.starts_with("fatal: Could not read from remote") && !line.starts_with("Warning:");
    let line = lines()
        .find(general)
        .or_else(|| lines().next())
        .unwrap_or("no word");
    format!("{url}: {}", redact::text(line))
}

/// GOVCS. Source: cmd/go/internal/vcs/vcs.go (parseGOVCS, checkGOVCS).
pub fn govcs(subject: &Subject) -> Verdict {
    let mut verdict = Verdict::default();
    let Some((value, from)) = subject.setting("GOVCS") else {
        return verdict;
    };
    let value = value.to_string_lossy().into_owned();
    let seen = format!("GOVCS={value} (set by {from})");
    verdict.saw(seen.clone());
    match rules(&value) {
        Err(why) => verdict.found(
            "govcs-broken",
            format!("GOVCS {why}"),
            seen,
            "GOVCS=private:all,public:git|hg is what go takes without it",
        ),
        Ok(rules) => {
            let kept = subject.env.gonoproxy();
            let private = subject.module.requires.iter();
            let mut private = private.filter(|r| pattern::matches_prefix(&kept, &r.path));
            if let Some(require) = private.find(|r| !allows_git(&rules, &r.path)) {
                verdict.found(
                    "govcs-forbids-git",
                    format!("GOVCS keeps go from using git for {}", require.path),
                    seen,
                    "GOVCS=private:all,public:git|hg, or unset it",
                );
            }
        }
    }
    verdict
}

/// Patterns with what they allow.
fn rules(value: &str) -> Result<Vec<(&str, Vec<&str>)>, String> {
    let mut rules: Vec<(&str, Vec<&str>)> = Vec::new();
    for item in value.split(',').map(str::trim) {
        if item.is_empty() {
            return Err("has an empty entry".into());
        }
        let Some((pattern, list)) = item.split_once(':') else {
            return Err(format!("has an entry without a colon: {item:?}"));
        };
        let (pattern, list) = (pattern.trim(), list.trim());
        let names: Vec<&str> = list.split('|').map(str::trim).collect();
        if pattern.is_empty() || names.contains(&"") {
            return Err(format!("has an entry that is not whole: {item:?}"));
        }
        if rules.iter().any(|(other, _)| *other == pattern) {
            return Err(format!("names {pattern:?} twice"));
        }
        rules.push((pattern, names));
    }
    Ok(rules)
}

/// Whether git may be used for a private module: the first pattern that matches decides.
fn allows_git(rules: &[(&str, Vec<&str>)], module: &str) -> bool {
    let matches = |pattern: &str| pattern == "private" || pattern::matches_prefix(pattern, module);
    let rule = rules.iter().find(|(pattern, _)| matches(pattern));
    rule.is_none_or(|(_, names)| names.iter().any(|name| matches!(*name, "all" | "git")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_module_lies() {
        for (module, at) in [
            ("git.corp/team/lib", "git.corp/team/lib"),
            ("git.corp/team/lib/v2", "git.corp/team/lib"),
            ("git.corp/team/lib/sub", "git.corp/team/lib"),
            ("git.corp/x.git/sub", "git.corp/x.git"),
            ("git.corp/a.github/b/c", "git.corp/a.github/b"),
            ("corp/x", "corp/x"),
        ] {
            assert_eq!(repository(module), at, "{module}");
        }
    }

    #[test]
    fn govcs_as_go_reads_it() {
        for (value, module, allowed) in [
            ("private:all,public:git|hg", "git.corp/x", true),
            ("git.corp:hg, private:git", "git.corp/x", false),
            ("public:git", "git.corp/x", true),
            ("*:off", "git.corp/x", false),
        ] {
            assert_eq!(allows_git(&rules(value).unwrap(), module), allowed, "{value}");
        }
        for broken in ["git", "a:,b:git", ",", ":git", "a:git,a:hg", "a:git|"] {
            assert!(rules(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn what_git_said() {
        use std::os::unix::process::ExitStatusExt;
        let ended = |stderr: &str| Ended {
            status: Some(std::process::ExitStatus::from_raw(128 << 8)),
            stdout: String::new(),
            stderr: stderr.into(),
            took: Duration::ZERO,
        };
        let ssh = ended(
            "Host key verification failed.\nfatal: Could not read from remote repository.\n\nPlease make sure",
        );
        assert_eq!(cause(&ssh), Cause::SshHostKey);
        assert_eq!(told("ssh://h", &ssh), "ssh://h: Host key verification failed.");
        let https = ended("fatal: could not read Username for 'https://h': terminal prompts disabled\n");
        assert_eq!(cause(&https), Cause::GitAuthFailed);
        let stuck = Ended {
            status: None,
            ..ended("")
        };
        assert_eq!(cause(&stuck), Cause::VcsStalled);
    }
}
