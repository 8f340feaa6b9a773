//! From evidence to a cause, to what may be done about it, and to whom: a pure table of rules, the first that fits.

use super::evidence::Evidence;
use super::evidence::locks::{Holder, Wait};
use super::evidence::processes::Sighting;
use super::evidence::sockets::{Socket, State};
use super::family::{Family, Kind};
use super::hide::short_command;
use super::state::Class;
use super::tree::Identity;
use super::waiting::rounded;
use crate::activity::{Flight, Phase};
use crate::cause::Cause;

/// What a silence comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// Why, by its stable id.
    pub cause: Cause,
    /// What may be done about it.
    pub class: Class,
    /// What is waited for, in one clause.
    pub what: String,
    /// Who would be ended: a descendant and its name, or the child itself.
    pub leaf: Option<(Identity, String)>,
}

impl Diagnosis {
    fn reported(cause: Cause, what: impl Into<String>) -> Diagnosis {
        Diagnosis {
            cause,
            class: Class::Reported,
            what: what.into(),
            leaf: None,
        }
    }
}

/// Finds the cause. `child` is the child's name, `helpers` the programs of GOAUTH.
pub fn diagnose(evidence: &Evidence, child: &str, helpers: &[String]) -> Diagnosis {
    let family = Family::new(&evidence.processes, helpers);
    if let Some(wait) = evidence.locks.first() {
        return of_lock(wait);
    }
    if let Some(flight) = oldest(&evidence.flights) {
        return of_flight(flight, evidence.flights.len());
    }
    of_vcs(&family)
        .or_else(|| of_helper(&family))
        .or_else(|| of_program(&family))
        .or_else(|| of_child(evidence, child))
        .or_else(|| of_places(evidence, child))
        .unwrap_or_else(|| Diagnosis::reported(Cause::Unknown, format!("{child} itself")))
}

fn of_lock(wait: &Wait) -> Diagnosis {
    let holder = match &wait.holder {
        Holder::Seen { pid, command, age } => {
            let since = age.map_or(String::new(), |age| format!(", started {} ago", rounded(age)));
            format!("{command} (pid {pid}{since})")
        }
        Holder::Outside => "a process outside of this pid namespace".to_string(),
    };
    Diagnosis::reported(
        Cause::CacheLockHeld,
        format!("the lock {}, held by {holder}", wait.file),
    )
}

// One that only waits for its turn explains nothing while another is on its way.
fn oldest(flights: &[Flight]) -> Option<&Flight> {
    flights.iter().min_by_key(|f| (f.phase == Phase::Queued, f.moved))
}

// The proxy bounds its requests itself: they are never ended from here.
fn of_flight(flight: &Flight, all: usize) -> Diagnosis {
    let (resource, upstream, stands) = (&flight.resource, &flight.upstream, flight.stands());
    let more = match all - 1 {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let failed = flight.failed.as_ref().map(|(cause, _)| *cause);
    let cause = match flight.phase {
        _ if noncanonical(resource) => Cause::NoncanonicalVersion,
        Phase::Backoff => failed.unwrap_or(Cause::ProxyStalled),
        Phase::Credentials => Cause::GoauthHelper,
        Phase::Resolving => Cause::DnsNoAnswer,
        Phase::Connecting => Cause::ConnectNoAnswer,
        Phase::Handshaking => Cause::TlsHandshake,
        _ if of_checksums(resource) => Cause::SumdbUnreachable,
        _ => Cause::ProxyStalled,
    };
    Diagnosis::reported(cause, format!("{resource} from {upstream} ({stands}){more}"))
}

// `sum.golang.org lookup m@v1.0.0`, as requests to a checksum database are called.
fn of_checksums(resource: &str) -> bool {
    matches!(resource.split(' ').nth(1), Some("lookup" | "tile" | "supported"))
}

// `m@v1.2.3.4 info`: more numbers than a version has (golang.org/x/mod/semver).
fn noncanonical(resource: &str) -> bool {
    let version = resource
        .split_once("@v")
        .and_then(|(_, rest)| rest.split_whitespace().next());
    version.is_some_and(|v| {
        v.split('.').count() > 3
            && v.split('.')
                .all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    })
}

// git, hg … that go started to fetch something.
fn of_vcs(family: &Family<'_>) -> Option<Diagnosis> {
    let top = family.top(Kind::Vcs)?;
    let below = family.below(top);
    let leaf = family.leaf(top);
    let subject = subject(top, &below);
    if is_buildvcs(&top.argv) {
        return Some(Diagnosis::reported(Cause::BuildvcsGitStatus, subject));
    }
    if let Some(prompt) = prompt(family, &below, &subject) {
        return Some(prompt);
    }
    if let Some(helper) = below.iter().find(|s| is_credential_helper(s)) {
        let leaf = family.leaf(helper);
        let name = helper_name(helper);
        let what = format!("{subject}: the credential helper {name} does not answer");
        return Some(silent(Cause::CredentialHelper, what, leaf));
    }
    if let Some(slow) = of_files(&below, &subject) {
        return Some(slow);
    }
    if let Some((socket, owner)) = busiest(&below) {
        let what = format!("{subject}: {}", socket.clause());
        return Some(silent(cause_of(socket, Cause::VcsStalled), what, owner));
    }
    let what = format!("{subject}: no connection is open and nothing moves");
    Some(silent(Cause::VcsStalled, what, leaf))
}

// A command of GOAUTH that go started itself.
fn of_helper(family: &Family<'_>) -> Option<Diagnosis> {
    let top = family.top(Kind::Helper)?;
    let below = family.below(top);
    let subject = helper_name(top);
    if let Some(prompt) = prompt(family, &below, &subject) {
        return Some(prompt);
    }
    let what = match busiest(&below) {
        Some((socket, _)) => format!("the GOAUTH command {subject}: {}", socket.clause()),
        None => format!("the GOAUTH command {subject}"),
    };
    Some(silent(Cause::GoauthHelper, what, family.leaf(top)))
}

// Anything else that runs is go's own tool or the user's program: named, and not judged.
fn of_program(family: &Family<'_>) -> Option<Diagnosis> {
    let leaf = family.youngest_leaf()?;
    let tool = leaf
        .argv
        .first()
        .is_some_and(|program| program.contains("/pkg/tool/"));
    if let Some(slow) = of_files(&[leaf], &leaf.process.name).filter(|_| tool) {
        return Some(slow);
    }
    let cause = if tool { Cause::Unknown } else { Cause::UserProgram };
    Some(Diagnosis::reported(cause, leaf.process.name.clone()))
}

// go alone: its own connections (go-import pages, the checksum database in direct mode), which it does not bound.
fn of_child(evidence: &Evidence, child: &str) -> Option<Diagnosis> {
    let root = evidence.processes.first();
    let subject = format!("{child} itself");
    if let Some(slow) = root.and_then(|root| of_files(&[root], &subject)) {
        return Some(slow);
    }
    if let Some((socket, _)) = root.and_then(|root| busiest(&[root])) {
        return Some(Diagnosis {
            cause: cause_of(socket, Cause::ProxyStalled),
            class: Class::Silent,
            what: format!("{subject}: {}", socket.clause()),
            leaf: None,
        });
    }
    evidence.guard_died.then(|| Diagnosis {
        cause: Cause::GuardDied,
        class: Class::Endless,
        what: "gosteady's own proxy, which has ended".to_string(),
        leaf: None,
    })
}

fn of_places(evidence: &Evidence, child: &str) -> Option<Diagnosis> {
    let dead = evidence.places.iter().find(|p| p.room.is_err());
    let full = evidence
        .places
        .iter()
        .find(|p| p.room.as_ref().is_ok_and(|room| room.full()));
    if let Some(place) = full {
        let what = format!("{child} itself, with no room in {}", place.path.display());
        return Some(Diagnosis::reported(Cause::DiskFull, what));
    }
    let place = dead.filter(|_| cfg!(target_os = "linux"))?;
    let what = format!("{child} itself, while {} does not answer", place.path.display());
    Some(Diagnosis::reported(Cause::SlowFilesystem, what))
}

fn silent(cause: Cause, what: String, leaf: &Sighting) -> Diagnosis {
    Diagnosis {
        cause,
        class: Class::Silent,
        what,
        leaf: Some((leaf.process.id, leaf.process.name.clone())),
    }
}

/// Programs that do nothing but open a window and ask a human.
#[rustfmt::skip]
const ASKERS: [&str; 7] = [
    "ssh-askpass", "x11-ssh-askpass", "gnome-ssh-askpass", "ksshaskpass", "lxqt-openssh-askpass", "openssh-askpass",
    "pinentry",
];

// The kernel cuts a name to 15 bytes; pinentry comes in several kinds.
fn is_asker(name: &str) -> bool {
    name.starts_with("pinentry") || ASKERS.iter().any(|asker| &asker[..asker.len().min(15)] == name)
}

// Somebody reads the terminal, or a program that only asks is there. The terminal has somebody in front of it for all
// that we can know; without one, and without a display, nobody can ever answer.
fn prompt<'a>(family: &Family<'a>, below: &[&'a Sighting], subject: &str) -> Option<Diagnosis> {
    let by = |s: &Sighting, secret: Option<bool>| match (s.process.name.as_str(), secret) {
        (name, Some(false)) if name.starts_with("ssh") => Cause::SshHostKey,
        (name, _) if name.starts_with("ssh") || name.starts_with("pinentry") => Cause::SshPassphrase,
        _ => Cause::GitCredentialPrompt,
    };
    if let Some((asker, reads)) = below.iter().find_map(|s| Some((s, s.reads.as_ref()?))) {
        let secret = reads.echo.map(|echo| !echo);
        let (name, terminal) = (&asker.process.name, &reads.terminal);
        let what = format!("{subject}: {name} waits for an answer on {terminal}");
        return Some(Diagnosis::reported(by(asker, secret), what));
    }
    let asker = below.iter().find(|s| is_asker(&s.process.name))?;
    let name = &asker.process.name;
    if asker.display || asker.process.terminal {
        let what = format!("{subject}: {name} waits for an answer");
        return Some(Diagnosis::reported(by(asker, Some(true)), what));
    }
    let what = format!("{subject}: {name} asks, and there is neither a terminal nor a display");
    Some(Diagnosis {
        class: Class::Endless,
        ..silent(by(asker, Some(true)), what, family.leaf(asker))
    })
}

// The connection that tells most: a name that is not resolved, then an attempt to connect, then any.
fn busiest<'a>(processes: &[&'a Sighting]) -> Option<(&'a Socket, &'a Sighting)> {
    let of = |s: &'a Sighting| s.sockets.iter().flatten().map(move |socket| (socket, s));
    let all = processes.iter().flat_map(|s| of(s));
    all.filter(|(socket, _)| socket.resolves() || !socket.udp)
        .filter(|(socket, _)| socket.state != State::Other)
        .min_by_key(|(socket, _)| (!socket.resolves(), socket.state != State::Connecting))
}

fn cause_of(socket: &Socket, otherwise: Cause) -> Cause {
    match socket.state {
        _ if socket.resolves() => Cause::DnsNoAnswer,
        State::Connecting => Cause::ConnectNoAnswer,
        _ => otherwise,
    }
}

// Whoever sleeps in a file system waits for nothing else, whatever connections are open.
fn of_files(processes: &[&Sighting], subject: &str) -> Option<Diagnosis> {
    let wait = processes.iter().find_map(|s| s.file_wait.as_ref())?;
    let what = format!("{subject}: {}", wait.clause());
    Some(Diagnosis::reported(Cause::SlowFilesystem, what))
}

// `git ls-remote https://git.corp/x`; where the command names no address, that of a process below it.
fn subject(top: &Sighting, below: &[&Sighting]) -> String {
    let line = short_command(&top.argv);
    if line.is_empty() {
        return top.process.name.clone();
    }
    if line.contains("://") {
        return line;
    }
    let shown: Vec<String> = below.iter().skip(1).map(|s| short_command(&s.argv)).collect();
    let word = |line: &String| line.split(' ').find(|w| w.contains("://")).map(str::to_string);
    match shown.iter().find_map(word) {
        Some(address) => format!("{line} ({address})"),
        None => line,
    }
}

// cmd/go/internal/vcs/vcs.go: gitStatus, hgStatus … in the user's own repository.
fn is_buildvcs(argv: &[String]) -> bool {
    let has = |word: &str| argv.iter().skip(1).any(|arg| arg == word);
    has("status") || (has("log") && has("-1"))
}

// A helper by its name alone: its arguments may hold anything. A script is named, not its interpreter.
fn helper_name(helper: &Sighting) -> String {
    let base = |word: &str| word.rsplit('/').next().unwrap_or(word).to_string();
    let words: Vec<&str> = helper.argv.iter().map(String::as_str).collect();
    let name = match words[..] {
        [_, "-c", script, ..] => script.split_whitespace().next().map(base),
        [program, script, ..] if base(script).contains("credential-") || is_interpreter(&base(program)) => {
            Some(base(script))
        }
        [program, ..] => Some(base(program)),
        [] => None,
    };
    name.filter(|n| !n.is_empty())
        .unwrap_or_else(|| helper.process.name.clone())
}

fn is_interpreter(program: &str) -> bool {
    let names = [
        "sh", "bash", "dash", "zsh", "ksh", "ash", "python", "perl", "ruby", "node",
    ];
    names.iter().any(|n| {
        program
            .strip_prefix(n)
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
    })
}

// git runs `git credential-NAME get`, `git-credential-NAME get` or `sh -c "SCRIPT get"` (gitcredentials(7)).
fn is_credential_helper(s: &Sighting) -> bool {
    let argv = &s.argv;
    // GIT_ASKPASS, SSH_ASKPASS, core.askPass: often a script that fetches a token.
    if s.process.name.contains("askpass") {
        return true;
    }
    let asks = |word: &str| ["get", "store", "erase"].iter().any(|verb| word.ends_with(verb));
    let shell =
        || argv.get(1).is_some_and(|arg| arg == "-c") && argv.get(2).is_some_and(|script| asks(script));
    let named = argv
        .iter()
        .take(2)
        .any(|arg| arg.rsplit('/').next().unwrap_or(arg).contains("credential-"));
    argv.last().is_some_and(|last| asks(last)) && (named || shell())
}

#[cfg(test)]
#[path = "diagnosis_tests.rs"]
mod tests;
