//! Asking: each request once, with the credentials that go would send, within a bound.

use super::super::credentials::Credentials;
use super::super::request::Resource;
use super::super::transport::{Address, Client, Failure, Get, Way};
use super::super::{attempt, classify};
use crate::activity::{Activity, FlightHandle, Phase};
use crate::cause::Cause;
use crate::secret::Secret;
use crate::world::World;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::{JoinSet, LocalSet};

/// How much of an answer is read where nothing else is said.
const BODY: usize = 256 << 10;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// Whom and for what.
    pub address: Address,
    /// Headers besides those that go sends, e.g. Range.
    pub headers: Vec<(&'static str, String)>,
    /// How many bytes of the body are read.
    pub most: usize,
}

impl Question {
    /// For a small file.
    pub fn new(address: Address) -> Question {
        Question {
            address,
            headers: Vec::new(),
            most: BODY,
        }
    }

    /// With a header more.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Question {
        self.headers.push((name, value.into()));
        self
    }

    /// Reading so many bytes of the body.
    pub fn most(mut self, most: usize) -> Question {
        self.most = most;
        self
    }
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// HTTP status.
    pub status: u16,
    /// `404 Not Found`.
    pub status_text: String,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Content-Length, where the answer states that of its body.
    pub length: Option<u64>,
    /// Whether it came packed, which was not asked for.
    pub packed: bool,
    /// How it came, with the time of every step.
    pub way: Way,
    /// Its body, or the beginning of it.
    pub body: Bytes,
    /// Whether that is all of it.
    pub whole: bool,
    /// From the start to the last byte that was read.
    pub took: Duration,
}

/// Why there is none.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// It failed on the way.
    Failed(Box<Failure>),
    /// Nothing came within the bound; what was being done then.
    Silent(Phase),
    /// This machine could not even ask.
    Local(String),
}

impl Seen {
    /// What is wrong with the answer to a request for this path; `None` where nothing is.
    pub fn cause(&self, path: &str) -> Option<Cause> {
        let mut outcome = classify::of_status(self.status, self.way.redirected_to.is_some());
        if outcome == classify::Outcome::Ok
            && let Some(asked) = Resource::parse(path)
        {
            let content_type = self.headers.get("content-type").map_or("", String::as_str);
            outcome = classify::of_body(&asked.kind, content_type, &self.body, &self.body);
        }
        classify::cause_of_answer(outcome, self.status)
    }
}

impl Trouble {
    /// Why there is no answer.
    pub fn cause(&self) -> Cause {
        match self {
            Trouble::Failed(failure) => classify::cause_of_failure(failure.class, &failure.way.times),
            Trouble::Silent(phase) => classify::cause_of_silence(*phase),
            Trouble::Local(_) => Cause::OutOfResources,
        }
    }

    /// The transport's own words, where they say more than the phrase of the cause; no credentials, no query.
    pub fn reason(&self) -> String {
        match self {
            Trouble::Failed(failure) => failure.reason.clone(),
            Trouble::Silent(phase) => format!("no answer in time, while {}", phase.as_str()),
            Trouble::Local(why) => why.clone(),
        }
    }

    /// The server that a redirect had led to.
    pub fn redirected_to(&self) -> Option<&str> {
        match self {
            Trouble::Failed(failure) => failure.way.redirected_to.as_deref(),
            _ => None,
        }
    }
}

/// What became of a question.
pub type Answer = Result<Seen, Trouble>;

/// Asks and waits. Credentials are those that go would send; they are in no part of the result.
pub fn ask(world: &Arc<World>, goauth: &str, address: Address, bound: Duration) -> Answer {
    Asker::new(world, goauth)?.ask(Question::new(address), bound)
}

/// Asks many questions over shared connections. It lives on the thread that made it.
#[derive(Debug)]
pub struct Asker {
    asking: Rc<Asking>,
    runtime: Option<Runtime>,
}

impl Drop for Asker {
    /// A name that is still being resolved holds nobody up.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The part of an [`Asker`] that questions are put to.
#[derive(Debug)]
pub struct Asking {
    client: Client,
    credentials: Credentials,
    activity: Arc<Activity>,
}

impl Asker {
    /// With these proxy variables, roots and credentials. Opens nothing yet.
    pub fn new(world: &Arc<World>, goauth: &str) -> Result<Asker, Trouble> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let asking = Asking {
            client: Client::new(Arc::clone(world)),
            credentials: Credentials::new(goauth, Arc::clone(world)),
            activity: Arc::default(),
        };
        Ok(Asker {
            asking: Rc::new(asking),
            runtime: Some(runtime.map_err(|e| Trouble::Local(e.to_string()))?),
        })
    }

    /// Asks one question; the bound is for all of it.
    pub fn ask(&self, question: Question, bound: Duration) -> Answer {
        match &self.runtime {
            Some(runtime) => runtime.block_on(self.asking.ask(question, bound)),
            None => Err(Trouble::Silent(Phase::Waiting)),
        }
    }

    /// Asks all of them, at most `at_once` at a time, each within the bound. The answers are in their order.
    pub fn all(&self, questions: Vec<Question>, at_once: usize, bound: Duration) -> Vec<Answer> {
        let mut answers: Vec<Answer> = questions
            .iter()
            .map(|_| Err(Trouble::Silent(Phase::Waiting)))
            .collect();
        let ask = |asking: Rc<Asking>, question| async move { asking.ask(question, bound).await };
        self.each(questions, at_once, ask, |number, answer| answers[number] = answer);
        answers
    }

    /// Does something with each job, at most `at_once` at a time, and tells what came of it as it ends: the number of
    /// the job, and the result.
    pub fn each<J, T: 'static, F>(
        &self,
        jobs: Vec<J>,
        at_once: usize,
        work: impl Fn(Rc<Asking>, J) -> F,
        mut done: impl FnMut(usize, T),
    ) where
        F: Future<Output = T> + 'static,
    {
        let Some(runtime) = &self.runtime else { return };
        LocalSet::new().block_on(runtime, async {
            let mut running = JoinSet::new();
            for (number, job) in jobs.into_iter().enumerate() {
                if running.len() >= at_once.max(1)
                    && let Some(Ok((number, result))) = running.join_next().await
                {
                    done(number, result);
                }
                let one = work(Rc::clone(&self.asking), job);
                running.spawn_local(async move { (number, one.await) });
            }
            while let Some(ended) = running.join_next().await {
                if let Ok((number, result)) = ended {
                    done(number, result);
                }
            }
        });
    }
}

impl Asking {
    /// Asks one question; the bound is for all of it.
    pub async fn ask(&self, question: Question, bound: Duration) -> Answer {
        let Question { address, .. } = &question;
        let flight = self.activity.begin(address.to_string(), address.origin());
        match tokio::time::timeout(bound, self.get(question, bound, &flight)).await {
            Ok(Ok(seen)) => Ok(seen),
            Ok(Err(failure)) => Err(Trouble::Failed(Box::new(failure))),
            Err(_) => Err(Trouble::Silent(
                flight.pulse().current().unwrap_or(Phase::Waiting),
            )),
        }
    }

    async fn get(&self, question: Question, bound: Duration, flight: &FlightHandle) -> Result<Seen, Failure> {
        let Question {
            address,
            headers,
            most,
        } = question;
        let begun = Instant::now();
        flight.phase(Phase::Credentials);
        let mut all = self.credentials.headers(&address).await;
        let more = headers.into_iter();
        all.extend(more.map(|(name, value)| (name.to_owned(), Secret::new(value))));
        let get = Get {
            address,
            fresh: false,
            connect_timeout: bound * 3 / 5,
            headers: all,
            post: None,
            flight,
        };
        let mut answer = self.client.get(get).await?;
        let (mut body, mut whole) = (Vec::new(), false);
        while !whole && body.len() < most {
            match answer.body.next().await? {
                Some(piece) => body.extend_from_slice(&piece),
                None => whole = true,
            }
        }
        Ok(Seen {
            status: answer.status,
            status_text: attempt::status_text(answer.status),
            headers: answer.headers,
            length: answer.length,
            packed: answer.decoded,
            way: answer.way,
            body: body.into(),
            whole,
            took: begun.elapsed(),
        })
    }
}
