//! Asking the upstreams, bounded and side by side, as go would walk the list.

use super::{Reply, Row};
use crate::bounded;
use crate::config::settings::{Failover, Proxy};
use crate::gomod::escape;
use crate::proxy::probe::{Answer, Asker, Asking, Question, Separator, Source, Trouble, module_file};
use crate::proxy::{self, Module, Upstream};
use crate::world::World;
use std::cell::RefCell;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Modules asked for at the same time: a private server may have to clone each of them.
const AT_ONCE: usize = 8;
/// The same where all upstreams are public mirrors.
const AT_ONCE_PUBLIC: usize = 24;
/// How often in a row an upstream may fail to answer before it is left alone.
const PATIENCE: u32 = 3;
/// How long a passing failure is left to pass.
const PAUSE: Duration = Duration::from_millis(500);

/// Who is asked, and how.
#[derive(Debug)]
pub struct Way {
    sources: Vec<Source>,
    failover: Failover,
    /// Every source is asked, whatever the one before it said.
    all: bool,
    bound: Duration,
    /// Failures in a row of each source.
    failures: RefCell<Vec<u32>>,
}

/// Fills in what the sources say. A server is asked for `.info`: it is small, every server has it for a version that it has,
/// and it tells when that was made; HEAD is not in the protocol. A directory may be a module cache that has no `.info` of what
/// it has, so its zip counts. `done` is told how many modules are through.
pub fn ask(
    world: &Arc<World>,
    goauth: &str,
    sources: &[Source],
    rules: &Proxy,
    all: bool,
    rows: &mut [Row],
    mut done: impl FnMut(usize),
) -> Result<(), Trouble> {
    let asker = Asker::new(world, goauth)?;
    let public = sources.iter().all(Source::is_public);
    let at_once = if public { AT_ONCE_PUBLIC } else { AT_ONCE };
    let way = Rc::new(Way {
        sources: sources.to_vec(),
        failover: rules.failover,
        all,
        bound: rules.stall_timeout,
        failures: RefCell::new(vec![0; sources.len()]),
    });
    let jobs = rows.iter().enumerate().filter(|(_, row)| !row.private);
    let jobs = jobs.filter_map(|(at, row)| Some((at, row.wanted()?.clone())));
    let jobs: Vec<(usize, Module)> = jobs.collect();
    let walk = |asking: Rc<Asking>, (at, module): (usize, Module)| {
        let way = Rc::clone(&way);
        async move { (at, way.walk(&asking, &module).await) }
    };
    let mut through = rows.len() - jobs.len();
    asker.each(jobs, at_once.min(rules.concurrency), walk, |_, (at, replies)| {
        through += 1;
        done(through);
        rows[at].replies = replies;
    });
    Ok(())
}

impl Way {
    async fn walk(&self, asking: &Asking, module: &Module) -> Vec<Option<Reply>> {
        let mut replies: Vec<Option<Reply>> = vec![None; self.sources.len()];
        for (number, source) in self.sources.iter().enumerate() {
            let reply = match source {
                Source::Upstream(upstream) => self.one(asking, number, upstream, module).await,
                Source::Directory { root, .. } => look(root, module, self.bound),
            };
            let goes_on = self.all || goes_on(source, &reply, self.failover);
            replies[number] = Some(reply);
            if !goes_on {
                break;
            }
        }
        replies
    }

    fn count(&self, number: usize, answered: bool) {
        let failures = &mut self.failures.borrow_mut()[number];
        *failures = if answered { 0 } else { *failures + 1 };
    }

    async fn one(&self, asking: &Asking, number: usize, upstream: &Upstream, module: &Module) -> Reply {
        let wire = module_file(&module.0, &format!("@v/{}.info", escape(&module.1)));
        let mut again = true;
        loop {
            if self.failures.borrow()[number] >= PATIENCE {
                return Reply {
                    status: None,
                    words: format!("{} did not answer before, so it was not asked", upstream.shown),
                    took: Duration::ZERO,
                    published: None,
                };
            }
            let answer = asking.ask(Question::new(upstream.file(&wire)), self.bound).await;
            self.count(number, answer.is_ok());
            if !passing(&answer) || !again {
                return reply(answer);
            }
            again = false;
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Whether asking again may help.
fn passing(answer: &Answer) -> bool {
    match answer {
        Ok(seen) => seen.status == 429 || seen.status >= 500,
        Err(Trouble::Silent(_)) => false,
        Err(_) => true,
    }
}

/// Whether go, or gosteady by its setting, would ask the next one (modfetch/proxy.go: TryProxies).
fn goes_on(source: &Source, reply: &Reply, failover: Failover) -> bool {
    let unavailable = reply.status.is_none_or(|status| status == 429 || status >= 500);
    if reply.has() {
        return false;
    }
    reply.absent()
        || source.separator() == Separator::Pipe
        || unavailable
            && match failover {
                Failover::Go => false,
                Failover::Safe => source.is_public(),
                Failover::Always => true,
            }
}

/// What a directory has, in the terms of HTTP (modfetch/proxy.go: getBody; a file that is not there counts as a 404).
fn look(root: &Path, module: &Module, bound: Duration) -> Reply {
    let file = |extension: &str| root.join(proxy::file(&module.0, &module.1, extension));
    let (zip, info) = (file("zip"), file("info"));
    let begun = Instant::now();
    let seen = bounded::run(bound, move || match fs::metadata(zip) {
        Ok(_) => Ok(fs::read(info).ok()),
        Err(error) => Err(error),
    });
    let (status, words) = match &seen {
        Some(Ok(_)) => (Some(200), "it is there".to_owned()),
        Some(Err(error)) if error.kind() == ErrorKind::NotFound => (Some(404), "it is not there".to_owned()),
        Some(Err(error)) => (None, error.to_string()),
        None => (None, "no answer in time".to_owned()),
    };
    let info = seen.and_then(Result::ok).flatten();
    Reply {
        status,
        words,
        took: begun.elapsed(),
        published: info.and_then(|info| text(&info, "Time")),
    }
}

/// A word of a version's `.info`.
fn text(info: &[u8], key: &str) -> Option<String> {
    let info: serde_json::Value = serde_json::from_slice(info).ok()?;
    Some(info[key].as_str()?.to_owned())
}

fn reply(answer: Answer) -> Reply {
    let (status, words, took, published) = match answer {
        Ok(seen) => {
            // A sign-in page is no module.
            if seen.status == 200 && text(&seen.body, "Version").is_none() {
                (None, "200 OK, but no module data".to_owned(), seen.took, None)
            } else {
                let said = String::from_utf8_lossy(&seen.body).trim().to_owned();
                let line = said
                    .lines()
                    .next()
                    .filter(|_| seen.status != 200)
                    .unwrap_or_default();
                let line = crate::config::printable(line, 160);
                let words = [seen.status_text.as_str(), line.as_str()].join(": ");
                (
                    Some(seen.status),
                    words.trim_end_matches(": ").to_owned(),
                    seen.took,
                    text(&seen.body, "Time"),
                )
            }
        }
        Err(Trouble::Failed(failure)) => (None, failure.reason.clone(), Duration::ZERO, None),
        Err(Trouble::Silent(_)) => (None, "no answer in time".to_owned(), Duration::ZERO, None),
        Err(Trouble::Local(why)) => (None, why, Duration::ZERO, None),
    };
    Reply {
        status,
        words,
        took,
        published,
    }
}
