//! The conformance test of a module server: what go needs of one (`go help goproxy`; go.dev/ref/mod#goproxy-protocol),
//! point by point. Asking and judging are apart: [`asking`] fills an [`Asked`], [`judge`] reads it.

mod asking;
mod judge;
mod sumdb;
#[cfg(test)]
mod tests;
mod transfer;
mod words;

pub use asking::newest;
pub use words::{Info, info as read_info, said};

use super::check::{Check, Layer, Verdict};
use super::list;
use super::network::BOUND;
use super::subject::Subject;
use crate::error::{Finding, Level};
use crate::gomod::pattern;
use crate::proxy::Upstream;
use Level::{Error, Note, Warning};
use std::sync::Arc;
use std::time::Duration;

/// Id, how much it matters where a server does otherwise, what go needs, and what follows where it is not so.
/// `docs/mirrors.md` has a line for each.
pub const POINTS: &[(&str, Level, &str, &str)] = &[
    (
        "server-list",
        Error,
        "`M/@v/list` answers 200, a version a line",
        "go finds neither the newest version nor one for `v1` or `>v1.2.0`",
    ),
    (
        "server-list-canonical",
        Warning,
        "the list holds canonical versions of that module only",
        "go passes over such lines; the versions they were to name can't be found",
    ),
    (
        "server-list-pseudo",
        Warning,
        "the list holds no pseudo-versions",
        "go passes over them; other tools take commits for releases",
    ),
    (
        "server-latest",
        Note,
        "`M/@latest` answers, though it need not",
        "go takes the newest of the list; a module without a tagged version has none then",
    ),
    (
        "server-info",
        Error,
        "`V.info` answers 200",
        "go can't resolve a version, and `go list -m` and `go mod download` fail",
    ),
    (
        "server-json",
        Error,
        "`.info` and `@latest` are JSON with a canonical Version and an RFC 3339 Time",
        "go refuses the answer: invalid response from proxy",
    ),
    (
        "server-version",
        Error,
        "`V.info` speaks of the V that was asked for",
        "go refuses the answer: proxy returned info for another version",
    ),
    (
        "server-revision",
        Note,
        "a branch's `.info` names a canonical version",
        "`go get M@main` can't go through this server",
    ),
    (
        "server-mod",
        Error,
        "`V.mod` is the go.mod of that module",
        "go can't read the module graph, or finds another module than it asked for",
    ),
    (
        "server-zip",
        Error,
        "`V.zip` is a zip whose files are all below `M@V/`",
        "go refuses to unpack it",
    ),
    (
        "server-zip-mod",
        Error,
        "the go.mod in the zip is `V.mod`",
        "go resolves one module and builds another; one of the two fails its checksum",
    ),
    (
        "server-escape",
        Error,
        "capital letters are asked for as `!` and the small letter",
        "modules with a capital letter in their path can't be had",
    ),
    (
        "server-absent-version",
        Error,
        "a version that is not there is 404 or 410",
        "after a comma go stops at any other status: nobody behind this server is asked",
    ),
    (
        "server-absent-path",
        Error,
        "a path that is no module is 404 or 410",
        "`go get` of a package fails: go asks for every prefix of its path",
    ),
    (
        "server-absent-text",
        Note,
        "the body of a 404 is text/plain and says why",
        "go prints the bare status, and nobody learns why",
    ),
    (
        "server-masked",
        Error,
        "404 is said of what is not there, never of a failure",
        "go takes a passing failure for an absence: it asks the next one, or goes direct",
    ),
    (
        "server-page",
        Error,
        "no web page comes with status 200",
        "a sign-in page is taken for module data",
    ),
    (
        "server-length",
        Warning,
        "a zip's Content-Length is stated and true",
        "a download that broke off can't be told from a whole one before its checksum",
    ),
    (
        "server-encoding",
        Note,
        "nothing is packed that was asked for as it is",
        "lengths and ranges are not those of the file, so it can't be resumed",
    ),
    (
        "server-range",
        Note,
        "Range is answered by 206 and the right bytes",
        "a broken download can't be resumed and starts anew",
    ),
    (
        "server-if-range",
        Warning,
        "If-Range with another validator is answered by 200 and the whole",
        "a download that is resumed may be pieced together of two files",
    ),
    (
        "server-http2",
        Note,
        "HTTP/2 is spoken over TLS",
        "each download needs a connection of its own",
    ),
    (
        "server-sumdb",
        Note,
        "the checksum database is carried",
        "go asks the database itself, which the network must allow",
    ),
    (
        "server-sumdb-supported",
        Error,
        "`sumdb/N/supported` is 200, 404 or 410",
        "after a comma go gives up on the checksum database for the whole command",
    ),
    (
        "server-sumdb-lookup",
        Error,
        "a lookup answers a record under the database's signature",
        "go can't verify a new dependency",
    ),
    (
        "server-sumdb-tile",
        Error,
        "the tiles prove that record",
        "go can't verify a new dependency, or takes it for forged",
    ),
    (
        "server-sumdb-latest",
        Note,
        "`sumdb/N/latest` is the database's newest signed tree",
        "go never asks for it; tools that watch the database do",
    ),
    (
        "server-sumdb-agrees",
        Error,
        "the zip is the one that the database knows",
        "SECURITY ERROR: go refuses it; the server holds another content than everybody else",
    ),
];

/// What was found on a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Judgement {
    /// The server does what go needs.
    Kept,
    /// It does not.
    Broken,
    /// It can't be told, or does not apply.
    Unknown,
}

/// A point of [`POINTS`], judged.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Point {
    /// Its id.
    pub id: &'static str,
    /// What was found.
    pub judgement: Judgement,
    /// What was seen, or why it can't be told.
    pub evidence: String,
}

impl Point {
    fn new(id: &'static str, judgement: Judgement, evidence: impl Into<String>) -> Point {
        Point {
            id,
            judgement,
            evidence: evidence.into(),
        }
    }
}

/// How much a point matters, what go needs, and what follows where it is not so.
pub fn entry(id: &str) -> Option<(Level, &'static str, &'static str)> {
    let point = POINTS.iter().find(|(known, ..)| *known == id)?;
    Some((point.1, point.2, point.3))
}

/// A server with all points judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conformance {
    /// Its base as go prints it.
    pub server: String,
    /// The module version that it was asked for: `golang.org/x/mod@v0.20.0`.
    pub about: String,
    /// In the order of [`POINTS`].
    pub points: Vec<Point>,
}

impl Conformance {
    /// `{"server", "about", "points": [{id, judgement, level, rule, evidence, meaning}]}`.
    pub fn json(&self) -> serde_json::Value {
        let point = |point: &Point| {
            let (level, rule, meaning) = entry(point.id).unwrap_or((Warning, "", ""));
            serde_json::json!({
                "id": point.id,
                "judgement": point.judgement,
                "level": level,
                "rule": rule,
                "evidence": point.evidence,
                "meaning": meaning,
            })
        };
        let points: Vec<_> = self.points.iter().map(point).collect();
        serde_json::json!({"server": self.server, "about": self.about, "points": points})
    }

    /// As a check's verdict: kept and unknown points were seen, broken ones are findings.
    fn verdict(self) -> Verdict {
        let mut verdict = Verdict::default();
        let of = |wanted| self.points.iter().filter(|p| p.judgement == wanted).count();
        verdict.saw(format!(
            "{} as a module server, asked for {}: {} points kept, {} broken, {} open",
            self.server,
            self.about,
            of(Judgement::Kept),
            of(Judgement::Broken),
            of(Judgement::Unknown)
        ));
        for point in &self.points {
            let mark = match point.judgement {
                Judgement::Kept => "kept",
                Judgement::Unknown => "open",
                Judgement::Broken => {
                    verdict.findings.push(self.finding(point));
                    continue;
                }
            };
            verdict.saw(format!("{mark}  {}: {}", point.id, point.evidence));
        }
        verdict.conformance = Some(self);
        verdict
    }

    fn finding(&self, point: &Point) -> Finding {
        let (level, rule, _) = entry(point.id).unwrap_or((Warning, "", ""));
        Finding {
            id: point.id,
            level,
            what: format!("{} breaks the rule that {rule}", self.server),
            evidence: point.evidence.clone(),
            fix: match level {
                Note => String::new(),
                _ => "tell its operators, with what was seen; `gosteady mirrors` compares others".into(),
            },
        }
    }
}

/// One check for each upstream of the list: the whole test, with this module (`PATH[@VERSION]`) or a public one.
pub fn checks(subject: &Subject, module: Option<&str>) -> Vec<Check> {
    let asked = module.map(str::to_owned);
    let private = |module: &str| {
        let path = module.split('@').next().unwrap_or(module);
        pattern::matches_prefix(&subject.env.gonoproxy(), path)
    };
    // go would tell no proxy of it; `dependencies` says so.
    if asked.as_deref().is_some_and(private) {
        return Vec::new();
    }
    let check = |upstream: Upstream| {
        let asked = asked.clone();
        Check {
            name: format!("{} as a module server", upstream.shown),
            layer: Layer::Network,
            bound: BOUND * 2 + Duration::from_secs(1),
            run: Arc::new(move |subject| examine(subject, &upstream, asked.as_deref()).verdict()),
        }
    };
    list::upstreams(subject).into_iter().map(check).collect()
}

/// Puts one server to the test.
pub fn examine(subject: &Subject, upstream: &Upstream, module: Option<&str>) -> Conformance {
    let asked = asking::ask(subject, upstream, module);
    Conformance {
        server: upstream.shown.clone(),
        about: asked.about(),
        points: judge::judge(&asked),
    }
}
