//! OTLP/JSON (opentelemetry-proto, trace.proto; the mapping to JSON of the OTLP specification: ids in hex, 64-bit
//! integers as text), named by the semantic conventions for HTTP spans, errors and processes.

use super::event::{Attempt, Event};
use super::story::{Child, End, Fetch, Story, Try};
use super::summary::answered;
use crate::hex;
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};

const INTERNAL: u32 = 1;
const SERVER: u32 = 2;
const CLIENT: u32 = 3;
const ERROR: u32 = 2;

/// One `ExportTraceServiceRequest`. `cause` is the id of why the run failed.
pub fn render(story: &Story, cause: Option<&str>) -> String {
    let spans = Spans::new(story);
    let run = &story.run;
    let (os, arch) = run.platform.split_once('/').unwrap_or(("", ""));
    let resource = attributes([
        ("service.name", text("gosteady")),
        ("service.version", text(&run.gosteady)),
        ("os.type", text(os)),
        ("host.arch", text(arch)),
        ("process.pid", int(run.pid.into())),
        ("process.executable.path", text(&run.go)),
        ("process.working_directory", text(&run.dir)),
    ]);
    let spans = spans.all(story, cause);
    let whole = json!({"resourceSpans": [{
        "resource": {"attributes": resource},
        "scopeSpans": [{
            "scope": {"name": "gosteady.trace", "version": run.gosteady},
            "spans": spans,
        }],
        "schemaUrl": "https://opentelemetry.io/schemas/1.27.0",
    }]});
    format!("{whole}\n")
}

struct Spans {
    trace: String,
    root: String,
    /// The caller's span, where TRACEPARENT named one.
    parent: Option<String>,
    /// When the run began, in nanoseconds of Unix time.
    began: i128,
    id: String,
    next: std::cell::Cell<u64>,
}

impl Spans {
    fn new(story: &Story) -> Spans {
        let id = story.run.id.clone();
        let began = story.run.started.parse::<jiff::Timestamp>().unwrap_or_default();
        let parent = story
            .run
            .env
            .get("TRACEPARENT")
            .and_then(|text| traceparent(text));
        let (trace, parent) = match parent {
            Some((trace, span)) => (trace, Some(span)),
            None => (hex::encode(&digest(&SHA256, id.as_bytes()).as_ref()[..16]), None),
        };
        let mut spans = Spans {
            trace,
            root: String::new(),
            parent,
            began: began.as_nanosecond(),
            id,
            next: std::cell::Cell::new(0),
        };
        spans.root = spans.new_id();
        spans
    }

    fn new_id(&self) -> String {
        let n = self.next.get();
        self.next.set(n + 1);
        hex::encode(&digest(&SHA256, format!("{} {n}", self.id).as_bytes()).as_ref()[..8])
    }

    /// Nanoseconds of Unix time of a moment of the run.
    fn at(&self, ms: f64) -> String {
        (self.began + (ms * 1e6) as i128).max(0).to_string()
    }

    fn all(&self, story: &Story, cause: Option<&str>) -> Vec<Value> {
        let run = &story.run;
        let failed = story.summary.is_failed();
        let mut root = self.span(
            &self.root,
            self.parent.as_deref(),
            &run.title(),
            INTERNAL,
            (0.0, story.summary.total_ms()),
        );
        let code = story.summary.end.as_ref().map(|end| end.code).unwrap_or_default();
        let args: Vec<Value> = run.argv.iter().map(|arg| text(arg)).collect();
        let mut described = vec![
            ("process.command_args", json!({"arrayValue": {"values": args}})),
            ("process.exit.code", int(code.into())),
            ("gosteady.run.id", text(&run.id)),
            ("gosteady.outcome", text(&story.summary.outcome())),
            ("gosteady.go.why", text(&run.go_why)),
        ];
        for (name, value) in &run.settings {
            described.push((name, text(value)));
        }
        let mut root_attributes: Vec<Value> = described
            .into_iter()
            .map(|(name, value)| match name.starts_with("GO") {
                true => json!({"key": format!("gosteady.setting.{name}"), "value": value}),
                false => json!({"key": name, "value": value}),
            })
            .collect();
        if let Some(cause) = cause {
            root_attributes.push(json!({"key": "error.type", "value": text(cause)}));
        }
        root["attributes"] = root_attributes.into();
        root["events"] = self.events(story).into();
        if failed {
            root["status"] = json!({"code": ERROR, "message": story.summary.outcome()});
        }
        let mut spans = vec![root];
        for child in &story.children {
            spans.push(self.child(child));
        }
        for fetch in &story.fetches {
            self.fetch(fetch, &mut spans);
        }
        spans
    }

    fn span(&self, id: &str, parent: Option<&str>, name: &str, kind: u32, (from, to): (f64, f64)) -> Value {
        let mut span = json!({
            "traceId": self.trace, "spanId": id, "name": name, "kind": kind,
            "startTimeUnixNano": self.at(from), "endTimeUnixNano": self.at(to.max(from)),
        });
        if let Some(parent) = parent {
            span["parentSpanId"] = parent.into();
        }
        span
    }

    fn child(&self, child: &Child) -> Value {
        let mut span = self.span(
            &self.new_id(),
            Some(&self.root),
            child.program,
            INTERNAL,
            (child.from, child.to),
        );
        span["attributes"] = attributes([
            ("process.pid", int(child.pid.into())),
            ("process.executable.path", text(child.program)),
            ("gosteady.child.end", text(&child.end)),
        ]);
        span
    }

    fn fetch(&self, fetch: &Fetch, spans: &mut Vec<Value>) {
        let id = self.new_id();
        let ahead = fetch.request == 0;
        let kind = if ahead { INTERNAL } else { SERVER };
        let mut span = self.span(&id, Some(&self.root), "GET", kind, (fetch.from, fetch.to));
        let mut told = vec![
            ("http.request.method", text("GET")),
            ("gosteady.resource", text(fetch.resource)),
            ("gosteady.upstream", text(fetch.upstream)),
            ("gosteady.served_by", text(fetch.served_by)),
            ("gosteady.prefetch", json!({"boolValue": ahead})),
            ("gosteady.prefetch.hit", json!({"boolValue": fetch.was_ready()})),
            (
                "http.response.body.size",
                int(fetch.bytes.try_into().unwrap_or(i64::MAX)),
            ),
        ];
        if let Some(status) = fetch.status {
            told.push(("http.response.status_code", int(status.into())));
        }
        if matches!(fetch.end, End::Failed | End::Open) {
            let reason = fetch.reason();
            let class = reason
                .split(':')
                .next()
                .filter(|c| !c.is_empty())
                .unwrap_or("_OTHER")
                .to_string();
            told.push(("error.type", text(&class)));
            span["status"] = json!({"code": ERROR, "message": reason});
        }
        span["attributes"] = attributes(told);
        spans.push(span);
        for (n, t) in fetch.tries.iter().enumerate() {
            spans.push(self.attempt(&id, n, t));
        }
    }

    fn attempt(&self, parent: &str, n: usize, t: &Try) -> Value {
        let a = t.attempt;
        let mut span = self.span(&self.new_id(), Some(parent), "GET", CLIENT, (t.from, t.to));
        let (host, port) = server(&a.upstream);
        let mut told = vec![
            ("http.request.method", text("GET")),
            ("url.full", text(&url(a))),
            ("server.address", text(&host)),
            ("server.port", int(port.into())),
            (
                "http.response.body.size",
                int(a.bytes.try_into().unwrap_or(i64::MAX)),
            ),
            ("gosteady.outcome", text(&a.outcome)),
            ("gosteady.hedge", json!({"boolValue": a.hedge})),
            ("gosteady.connection.reused", json!({"boolValue": a.reused})),
        ];
        if n > 0 {
            told.push(("http.request.resend_count", int(n as i64)));
        }
        if let Some(status) = a.status {
            told.push(("http.response.status_code", int(status.into())));
        }
        if let Some(version) = a.protocol.strip_prefix("HTTP/") {
            told.push(("network.protocol.name", text("http")));
            told.push(("network.protocol.version", text(version)));
        }
        if let Some((address, port)) = a.peer.rsplit_once(':') {
            told.push(("network.peer.address", text(address.trim_matches(['[', ']']))));
            told.extend(
                port.parse()
                    .ok()
                    .map(|port: i64| ("network.peer.port", int(port))),
            );
        }
        if !answered(a) {
            told.push(("error.type", text(&a.outcome)));
            span["status"] = json!({"code": ERROR, "message": a.reason});
        }
        let phases = [
            ("dns", a.dns_ms),
            ("connect", a.connect_ms),
            ("tls", a.tls_ms),
            ("first byte", a.first_byte_ms),
        ];
        let events = phases
            .iter()
            .filter_map(|(name, ms)| Some(json!({"timeUnixNano": self.at(t.from + (*ms)?), "name": name})));
        let mut headers = Vec::new();
        for (name, value) in &a.headers {
            let values = json!({"arrayValue": {"values": [text(value)]}});
            headers.push(json!({"key": format!("http.response.header.{name}"), "value": values}));
        }
        span["events"] = events.collect();
        let mut all = attributes(told);
        if let Value::Array(all) = &mut all {
            all.extend(headers);
        }
        span["attributes"] = all;
        span
    }

    fn events(&self, story: &Story) -> Vec<Value> {
        let incidents = story.incidents.iter().filter_map(|record| {
            let (name, told) = match &record.event {
                Event::Retry { action, why, .. } => (action.as_str(), why.clone()),
                Event::Waiting { what, .. } => ("waiting", what.clone()),
                Event::Ending {
                    target, signal, why, ..
                } => ("ending", format!("{signal} to {target}: {why}")),
                Event::Warning { text } => ("warning", text.clone()),
                Event::FileChanged { file, before, after } => {
                    ("file changed", format!("{file}: {before} -> {after}"))
                }
                _ => return None,
            };
            Some((record.t, name, told))
        });
        let said = story
            .stderr
            .iter()
            .map(|(t, line)| (*t, "go says", line.to_string()));
        incidents
            .chain(said)
            .map(|(t, name, told)| {
                let told = attributes([("gosteady.text", text(&told))]);
                json!({"timeUnixNano": self.at(t), "name": name, "attributes": told})
            })
            .collect()
    }
}

fn text(text: &str) -> Value {
    json!({"stringValue": text})
}

fn int(n: i64) -> Value {
    json!({"intValue": n.to_string()})
}

/// Attributes, without empty texts.
fn attributes<'a>(told: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    told.into_iter()
        .filter(|(_, value)| value["stringValue"] != "")
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect()
}

/// Trace and span of `00-TRACE-SPAN-FLAGS` (W3C Trace Context, 3.2).
fn traceparent(text: &str) -> Option<(String, String)> {
    let mut parts = text.split('-');
    let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
    let is_id = |id: &str, len: usize| {
        let lower = id
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        id.len() == len && lower && id.bytes().any(|b| b != b'0')
    };
    (version.len() == 2 && is_id(trace, 32) && is_id(span, 16)).then(|| (trace.to_string(), span.to_string()))
}

fn server(upstream: &str) -> (String, u16) {
    let (scheme, rest) = upstream.split_once("://").unwrap_or(("https", upstream));
    let authority = rest.split('/').next().unwrap_or_default();
    let default = if scheme == "http" { 80 } else { 443 };
    match authority
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host, port.parse().ok()?)))
    {
        Some((host, port)) => (host.trim_matches(['[', ']']).to_string(), port),
        None => (authority.trim_matches(['[', ']']).to_string(), default),
    }
}

/// The URL of an attempt, put together again from upstream and resource; the upstream alone where that can't be.
fn url(a: &Attempt) -> String {
    let escape = |path: &str| -> String {
        let one = |c: char| match c.is_ascii_uppercase() {
            true => format!("!{}", c.to_ascii_lowercase()),
            false => c.to_string(),
        };
        path.chars().map(one).collect()
    };
    let base = a.upstream.trim_end_matches('/');
    match a.resource.rsplit_once(' ') {
        Some((module, "list")) => format!("{base}/{}/@v/list", escape(module)),
        Some((module, "latest")) => format!("{base}/{}/@latest", escape(module)),
        Some((version, ending @ ("info" | "mod" | "zip"))) => match version.split_once('@') {
            Some((module, version)) => format!("{base}/{}/@v/{}.{ending}", escape(module), escape(version)),
            None => base.to_string(),
        },
        _ => base.to_string(),
    }
}
