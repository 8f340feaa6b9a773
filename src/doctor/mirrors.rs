//! Mirrors beside each other: how quick, how complete, how fresh; and the GOPROXY that follows from it.
//!
//! A candidate is asked for one public module, or for the one that the user names: never for those of a project.

mod suggest;
mod table;

pub use suggest::{Suggestion, Tail, suggest};
pub use table::{json, table};

use super::conformance::{Info, newest, read_info};
use super::network::BOUND;
use crate::gomod::{escape, semver};
use crate::proxy::Upstream;
use crate::proxy::probe::{Answer, Asker, Question, database_file, module_file};
use crate::world::World;
use std::cmp::Ordering;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is asked for: it is public, small, and a new version comes every few weeks.
pub const MODULE: &str = "golang.org/x/mod";
/// How often the list is asked for once the connection is open.
const ROUNDS: usize = 5;
/// The time that one candidate has for everything.
const WHOLE: Duration = Duration::from_secs(20);

/// A candidate, measured.
#[derive(Debug, Clone)]
pub struct Mirror {
    /// Who it is.
    pub upstream: Upstream,
    /// Requests made.
    pub asked: usize,
    /// Those that were answered with 200, 404 or 410.
    pub answered: usize,
    /// The first answer, with the opening of the connection.
    pub first: Option<Duration>,
    /// The median over the open connection.
    pub p50: Option<Duration>,
    /// The newest version that it knows.
    pub latest: Option<Info>,
    /// Whether another candidate knows a newer one.
    pub behind: bool,
    /// Whether it carries the checksum database; `None` where that can't be told.
    pub sumdb: Option<bool>,
    /// Whether it answers ranges.
    pub range: Option<bool>,
    /// `HTTP/2`, `HTTP/1.1`; empty where it never answered.
    pub protocol: &'static str,
    /// The first thing that went wrong.
    pub trouble: Option<String>,
}

impl Mirror {
    /// Whether it may be used: at most one request in five went wrong.
    pub fn is_fit(&self) -> bool {
        self.asked > 0 && self.answered * 5 >= self.asked * 4 && self.p50.is_some()
    }
}

/// Measures all of them side by side. `database` is the checksum database's name.
pub fn compare(
    world: &World,
    goauth: &str,
    candidates: &[Upstream],
    module: &str,
    database: Option<&str>,
) -> Vec<Mirror> {
    let world = Arc::new(world.clone());
    let mut mirrors: Vec<Mirror> = std::thread::scope(|scope| {
        let one = |upstream: &Upstream| {
            let (world, upstream) = (Arc::clone(&world), upstream.clone());
            scope.spawn(move || measure(&world, goauth, upstream, module, database))
        };
        let running: Vec<_> = candidates.iter().map(one).collect();
        running
            .into_iter()
            .filter_map(|thread| thread.join().ok())
            .collect()
    });
    judge(&mut mirrors);
    mirrors
}

/// Who is behind the others.
fn judge(mirrors: &mut [Mirror]) {
    let versions = mirrors.iter().filter_map(|mirror| mirror.latest.as_ref());
    let newest = versions
        .max_by(|a, b| semver::compare(&a.version, &b.version))
        .map(|info| info.version.clone());
    for mirror in mirrors {
        mirror.behind = match (&mirror.latest, &newest) {
            (Some(info), Some(newest)) => semver::compare(&info.version, newest) == Ordering::Less,
            _ => false,
        };
    }
}

/// One candidate under way.
struct Measuring {
    asker: Asker,
    mirror: Mirror,
    begun: Instant,
}

impl Measuring {
    fn ask(&mut self, question: Question) -> Answer {
        let bound = BOUND.min(WHOLE.saturating_sub(self.begun.elapsed()));
        let answer = self.asker.ask(question, bound);
        let mirror = &mut self.mirror;
        mirror.asked += 1;
        if let Ok(seen) = &answer {
            mirror.protocol = seen.way.protocol;
            mirror.answered += usize::from(matches!(seen.status, 200 | 206 | 404 | 410));
        }
        let wrong = match &answer {
            Ok(seen) if matches!(seen.status, 200 | 206 | 404 | 410) => None,
            other => Some(super::conformance::said(other)),
        };
        mirror.trouble = mirror.trouble.take().or(wrong);
        answer
    }
}

fn measure(
    world: &Arc<World>,
    goauth: &str,
    upstream: Upstream,
    module: &str,
    database: Option<&str>,
) -> Mirror {
    let at = {
        let upstream = upstream.clone();
        move |file: &str| Question::new(upstream.file(&module_file(module, file)))
    };
    let supported = database.map(|name| Question::new(upstream.file(&database_file(name, "supported"))));
    let mut mirror = Mirror {
        upstream,
        asked: 0,
        answered: 0,
        first: None,
        p50: None,
        latest: None,
        behind: false,
        sumdb: None,
        range: None,
        protocol: "",
        trouble: None,
    };
    let asker = match Asker::new(world, goauth) {
        Ok(asker) => asker,
        Err(trouble) => {
            mirror.trouble = Some(super::conformance::said(&Err(trouble)));
            return mirror;
        }
    };
    let begun = Instant::now();
    let mut one = Measuring { asker, mirror, begun };
    let list = one.ask(at("@v/list"));
    let Ok(seen) = &list else { return one.mirror };
    one.mirror.first = Some(seen.took);
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..ROUNDS {
        times.extend(one.ask(at("@v/list")).ok().map(|seen| seen.took));
    }
    times.sort();
    one.mirror.p50 = times.get(times.len() / 2).copied();
    let latest = one.ask(at("@latest"));
    let info = |answer: &Answer| {
        let seen = answer.as_ref().ok().filter(|seen| seen.status == 200)?;
        read_info(&seen.body).ok()
    };
    one.mirror.latest = info(&latest);
    // go looks into the list where nothing is said of the latest, and so does this.
    if one.mirror.latest.is_none()
        && let Some(version) = newest(&latest, &list, module)
    {
        let answer = one.ask(at(&format!("@v/{}.info", escape(&version))));
        one.mirror.latest = info(&answer);
    }
    if let Some(question) = supported {
        let answer = one.ask(question);
        one.mirror.sumdb = answer.ok().and_then(|seen| match seen.status {
            200 => Some(true),
            404 | 410 => Some(false),
            _ => None,
        });
    }
    if let Some(version) = one.mirror.latest.as_ref().map(|info| escape(&info.version)) {
        let zip = at(&format!("@v/{version}.zip")).with("Range", "bytes=1-").most(1);
        one.mirror.range = one.ask(zip).ok().and_then(|seen| match seen.status {
            206 => Some(true),
            200 => Some(false),
            _ => None,
        });
    }
    one.mirror
}
