//! Chrome's trace event format, as Perfetto and chrome://tracing read it
//! (docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU, "Trace Event Format").
//!
//! A track per upstream's peer; requests that overlap, as those that share an HTTP/2 connection do, get lanes of their
//! own. Above them go's requests, below them processes.

use crate::trace::event::Event;
use crate::trace::story::{Fetch, Story};
use crate::ui::words::duration;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Process ids of tracks: they are names here, not the system's.
const GOSTEADY: u32 = 1;
const REQUESTS: u32 = 2;
const UPSTREAMS: u32 = 10;

pub(super) fn render(story: &Story) -> String {
    let mut events = Events::default();
    let took = story.summary.total_ms();
    events.process(GOSTEADY, &format!("gosteady, {}", story.run.verb), 0);
    let run = json!({"outcome": story.summary.outcome(), "go": story.run.go, "argv": story.run.argv});
    events.slice(GOSTEADY, 1, &story.run.title(), "run", (0.0, took), run);
    events.thread(GOSTEADY, 1, "run");
    events.incidents(story);
    events.process(REQUESTS, "requests of go", 1);
    let mut lanes = Lanes::default();
    for fetch in story.fetches.iter().filter(|fetch| fetch.request != 0) {
        let lane = lanes.take("", fetch.from, fetch.to);
        events.fetch(fetch, lane);
    }
    events.lanes(REQUESTS, "go", &lanes);
    events.attempts(story);
    for (i, child) in story.children.iter().enumerate() {
        let lane = 100 + i as u32;
        events.thread(GOSTEADY, lane, &format!("{}, pid {}", child.program, child.pid));
        let end = json!({"end": child.end, "pid": child.pid});
        events.slice(
            GOSTEADY,
            lane,
            child.program,
            "process",
            (child.from, child.to),
            end,
        );
    }
    let whole = json!({
        "displayTimeUnit": "ms",
        "otherData": {
            "producer": format!("gosteady {}", story.run.gosteady),
            "run": story.run.id, "started": story.run.started, "platform": story.run.platform,
        },
        "traceEvents": events.list,
    });
    format!("{whole}\n")
}

#[derive(Default)]
struct Events {
    list: Vec<Value>,
}

impl Events {
    /// A complete event; times are milliseconds, microseconds in the format.
    fn slice(&mut self, pid: u32, tid: u32, name: &str, category: &str, (from, to): (f64, f64), args: Value) {
        self.list.push(json!({
            "ph": "X", "pid": pid, "tid": tid, "name": name, "cat": category,
            "ts": micros(from), "dur": micros((to - from).max(0.0)), "args": args,
        }));
    }

    fn meta(&mut self, pid: u32, tid: u32, what: &str, args: Value) {
        self.list
            .push(json!({"ph": "M", "pid": pid, "tid": tid, "name": what, "args": args}));
    }

    fn process(&mut self, pid: u32, name: &str, order: u32) {
        self.meta(pid, 0, "process_name", json!({"name": name}));
        self.meta(pid, 0, "process_sort_index", json!({"sort_index": order}));
    }

    fn thread(&mut self, pid: u32, tid: u32, name: &str) {
        self.meta(pid, tid, "thread_name", json!({"name": name}));
        self.meta(pid, tid, "thread_sort_index", json!({"sort_index": tid}));
    }

    fn lanes(&mut self, pid: u32, name: &str, lanes: &Lanes) {
        for (peer, of) in &lanes.lanes {
            for (i, (tid, _)) in of.iter().enumerate() {
                let peer = if peer.is_empty() { name } else { peer };
                self.thread(pid, *tid, &format!("{peer} #{}", i + 1));
            }
        }
    }

    fn fetch(&mut self, fetch: &Fetch, lane: u32) {
        let args = json!({
            "request": fetch.request, "end": fetch.end.as_str(), "status": fetch.status, "bytes": fetch.bytes,
            "served_by": fetch.served_by, "attempts": fetch.tries.len(), "reason": fetch.reason(),
            "ready": fetch.was_ready(),
        });
        self.slice(
            REQUESTS,
            lane,
            fetch.resource,
            "request",
            (fetch.from, fetch.to),
            args,
        );
    }

    fn attempts(&mut self, story: &Story) {
        let mut upstreams: BTreeMap<&str, (u32, Lanes)> = BTreeMap::new();
        let mut tries: Vec<_> = story.fetches.iter().flat_map(|fetch| &fetch.tries).collect();
        tries.sort_by(|a, b| a.from.total_cmp(&b.from));
        for t in tries {
            let a = t.attempt;
            let next = UPSTREAMS + upstreams.len() as u32;
            let (pid, lanes) = upstreams
                .entry(&a.upstream)
                .or_insert_with(|| (next, Lanes::default()));
            let peer = if a.peer.is_empty() {
                "not connected"
            } else {
                &a.peer
            };
            let (pid, lane) = (*pid, lanes.take(peer, t.from, t.to));
            let args = json!({
                "request": a.request, "attempt": a.attempt, "hedge": a.hedge, "outcome": a.outcome, "reason": a.reason,
                "status": a.status, "bytes": a.bytes, "protocol": a.protocol, "peer": a.peer, "reused": a.reused,
                "headers": a.headers,
            });
            self.slice(pid, lane, &a.resource, &a.outcome, (t.from, t.to), args);
            let mut begun = 0.0;
            let phases = [
                ("dns", a.dns_ms),
                ("connect", a.connect_ms),
                ("tls", a.tls_ms),
                ("first byte", a.first_byte_ms),
                ("body", a.first_byte_ms.map(|_| a.total_ms)),
            ];
            for (name, ms) in phases {
                let Some(ms) = ms.map(|ms| ms.clamp(begun, a.total_ms.max(begun))) else {
                    continue;
                };
                if ms > begun {
                    self.slice(pid, lane, name, "phase", (t.from + begun, t.from + ms), json!({}));
                }
                begun = ms;
            }
        }
        for (upstream, (pid, lanes)) in upstreams {
            self.process(pid, upstream, pid);
            self.lanes(pid, upstream, &lanes);
        }
    }

    fn incidents(&mut self, story: &Story) {
        for record in &story.incidents {
            let (name, args) = match &record.event {
                Event::Retry {
                    action,
                    why,
                    upstream,
                    request,
                    ..
                } => (
                    action.clone(),
                    json!({"why": why, "upstream": upstream, "request": request}),
                ),
                Event::Waiting { what, for_ms } => {
                    (format!("waiting: {what}"), json!({"for": duration(*for_ms)}))
                }
                Event::Ending {
                    target, signal, why, ..
                } => (format!("{signal} to {target}"), json!({"why": why})),
                Event::Warning { text } => ("warning".to_string(), json!({"text": text})),
                Event::FileChanged { file, before, after } => (
                    format!("{file} changed"),
                    json!({"before": before, "after": after}),
                ),
                _ => continue,
            };
            self.instant(&name, record.t, args);
        }
        for (t, line) in &story.stderr {
            self.instant("go says", *t, json!({"line": line}));
        }
    }

    fn instant(&mut self, name: &str, t: f64, args: Value) {
        self.list.push(json!({
            "ph": "i", "s": "p", "pid": GOSTEADY, "tid": 1, "name": name, "cat": "incident", "ts": micros(t), "args": args,
        }));
    }
}

/// Lanes in which no two things overlap, by peer: (thread id, busy until).
#[derive(Default)]
struct Lanes {
    lanes: BTreeMap<String, Vec<(u32, f64)>>,
    next: u32,
}

impl Lanes {
    fn take(&mut self, peer: &str, from: f64, to: f64) -> u32 {
        let lanes = self.lanes.entry(peer.to_string()).or_default();
        if let Some((lane, until)) = lanes.iter_mut().find(|(_, until)| *until <= from) {
            *until = to;
            return *lane;
        }
        self.next += 1;
        lanes.push((self.next, to));
        self.next
    }
}

fn micros(ms: f64) -> f64 {
    (ms * 1e3).round()
}
