//! Asking the upstreams, bounded and side by side, as go would walk the list.

use super::{Reply, Row};
use crate::config::settings::{Failover, Proxy};
use crate::gomod::escape;
use crate::proxy::probe::{Answer, Asker, Asking, Question, Separator, Trouble, Upstream, module_file};
use crate::world::World;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

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
    upstreams: Vec<Upstream>,
    failover: Failover,
    /// Every upstream is asked, whatever the one before it said.
    all: bool,
    bound: Duration,
    /// Failures in a row of each upstream.
    failures: RefCell<Vec<u32>>,
}

/// Fills in what the upstreams say. `.info` is asked for: it is small, every server has it for a version that it has, and
/// it tells when that was made; HEAD is not in the protocol. `done` is told how many modules are through.
pub fn ask(
    world: &Arc<World>,
    goauth: &str,
    upstreams: &[Upstream],
    rules: &Proxy,
    all: bool,
    rows: &mut [Row],
    mut done: impl FnMut(usize),
) -> Result<(), Trouble> {
    let asker = Asker::new(world, goauth)?;
    let public = upstreams.iter().all(|upstream| upstream.public);
    let at_once = if public { AT_ONCE_PUBLIC } else { AT_ONCE };
    let way = Rc::new(Way {
        upstreams: upstreams.to_vec(),
        failover: rules.failover,
        all,
        bound: rules.stall_timeout,
        failures: RefCell::new(vec![0; upstreams.len()]),
    });
    let jobs = rows.iter().enumerate().filter(|(_, row)| !row.private);
    let jobs = jobs.filter_map(|(at, row)| {
        let (path, version) = row.wanted()?;
        Some((at, module_file(path, &format!("@v/{}.info", escape(version)))))
    });
    let jobs: Vec<(usize, String)> = jobs.collect();
    let walk = |asking: Rc<Asking>, (at, wire): (usize, String)| {
        let way = Rc::clone(&way);
        async move { (at, way.walk(&asking, &wire).await) }
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
    async fn walk(&self, asking: &Asking, wire: &str) -> Vec<Option<Reply>> {
        let mut replies: Vec<Option<Reply>> = vec![None; self.upstreams.len()];
        for (number, upstream) in self.upstreams.iter().enumerate() {
            // Whether go would come so far is not known.
            if upstream.behind_kept && !self.all {
                break;
            }
            let reply = self.one(asking, number, wire).await;
            let goes_on = self.all || goes_on(upstream, &reply, self.failover);
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

    async fn one(&self, asking: &Asking, number: usize, wire: &str) -> Reply {
        let upstream = &self.upstreams[number];
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
            let answer = asking.ask(Question::new(upstream.file(wire)), self.bound).await;
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
fn goes_on(upstream: &Upstream, reply: &Reply, failover: Failover) -> bool {
    let unavailable = reply.status.is_none_or(|status| status == 429 || status >= 500);
    if reply.has() {
        return false;
    }
    reply.absent()
        || upstream.separator == Separator::Pipe
        || unavailable
            && match failover {
                Failover::Go => false,
                Failover::Safe => upstream.public,
                Failover::Always => true,
            }
}

fn reply(answer: Answer) -> Reply {
    let (status, words, took, published) = match answer {
        Ok(seen) => {
            let info = serde_json::from_slice::<serde_json::Value>(&seen.body).ok();
            let text = |key: &str| {
                info.as_ref()
                    .and_then(|info| Some(info[key].as_str()?.to_owned()))
            };
            // A sign-in page is no module.
            if seen.status == 200 && text("Version").is_none() {
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
                    text("Time"),
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
