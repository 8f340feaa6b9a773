//! One record as one line of a timeline.

use crate::cause::Cause;
use crate::outcome::signal_name;
use crate::trace::blame::Blame;
use crate::trace::event::{Attempt, Event, Finding, Record, Rule, Run, Upstream};
use crate::trace::summary::answered;
use crate::ui::Style;
use crate::ui::words::{bytes, count, duration, plain};
use std::collections::HashMap;

/// Turns records into lines; remembers what each request asked for.
#[derive(Debug)]
pub(super) struct Timeline {
    style: Style,
    resources: HashMap<u64, String>,
}

/// A line's parts before they are put together.
struct Parts {
    label: &'static str,
    text: String,
    bad: bool,
}

fn good(label: &'static str, text: impl Into<String>) -> Parts {
    Parts {
        label,
        text: text.into(),
        bad: false,
    }
}

fn bad(label: &'static str, text: impl Into<String>) -> Parts {
    Parts {
        label,
        text: text.into(),
        bad: true,
    }
}

impl Timeline {
    pub fn new(style: Style) -> Timeline {
        Timeline {
            style,
            resources: HashMap::new(),
        }
    }

    /// The record in one line (the first in several), with its newline.
    pub fn line(&mut self, record: &Record) -> String {
        if let Event::Run(run) = &record.event {
            return header(run, self.style);
        }
        let Parts { label, text, bad } = self.parts(&record.event);
        let text = plain(&text);
        let text = if bad { self.style.red(&text) } else { text };
        let time = self.style.dim(&format!("{:>9.3}s", record.t / 1e3));
        let mut line = format!("{time}  {} {text}\n", self.style.bold(&format!("{label:<9}")));
        if let Event::Evidence { found, .. } = &record.event {
            for Finding { about, text } in found {
                let about = self.style.dim(&format!("{:<11}", plain(about)));
                line.push_str(&format!("{:>22}  {about} {}\n", "", plain(text)));
            }
        }
        line
    }

    fn parts(&mut self, event: &Event) -> Parts {
        match event {
            // The header, printed above.
            Event::Run(_) => good("run", ""),
            Event::Toolchain {
                pinned,
                go,
                version,
                rules,
            } => good("toolchain", toolchain(pinned, go, version, rules)),
            Event::Decision { action, why } => good("decided", format!("{action}: {why}")),
            Event::Upstreams { list } => good("upstreams", upstreams(list)),
            Event::Request {
                request,
                resource,
                upstream,
            } => {
                self.resources.insert(*request, resource.clone());
                good("asked", format!("{resource} of {upstream}"))
            }
            Event::Attempt(attempt) => Parts {
                label: "attempt",
                text: attempt_text(attempt),
                bad: !answered(attempt),
            },
            Event::Retry {
                request,
                action,
                why,
                wait_ms,
                upstream,
            } => {
                let wait = if *wait_ms > 0.0 {
                    format!(" in {}", duration(*wait_ms))
                } else {
                    String::new()
                };
                let next = if upstream.is_empty() {
                    String::new()
                } else {
                    format!(" at {upstream}")
                };
                let text = format!("{}{next}{wait}: {why}", self.resource(*request));
                match action.as_str() {
                    "give-up" => bad("gave up", text),
                    "failover" => good("failover", text),
                    "hedge" => good("hedge", text),
                    "probe" => good("probe", text),
                    "over-budget" => bad("not again", text),
                    _ => good("retry", text),
                }
            }
            Event::Answer {
                request,
                status,
                bytes: n,
                total_ms,
                served_by,
                attempts,
                cause,
            } => {
                let by = if served_by.is_empty() {
                    String::new()
                } else {
                    format!(" from {served_by}")
                };
                let text = format!(
                    "{}: {status}, {} in {}{by}, {}{}",
                    self.resource(*request),
                    bytes(*n),
                    duration(*total_ms),
                    count(u64::from(*attempts), "attempt"),
                    tag(cause.as_deref()),
                );
                Parts {
                    label: "answered",
                    text,
                    bad: !matches!(status, 200 | 404 | 410),
                }
            }
            Event::Child { pid, program } => good("started", format!("{program}, pid {pid}")),
            Event::Waiting { what, for_ms } => bad("waiting", format!("{what}, for {}", duration(*for_ms))),
            Event::Evidence {
                cause,
                what,
                for_ms,
                found: _,
            } => bad("cause", format!("{cause}: {what}, for {}", duration(*for_ms))),
            Event::Ending {
                target,
                pid,
                signal,
                why,
            } => bad("ending", format!("{signal} to {target}, pid {pid}: {why}")),
            Event::ChildEnd {
                status,
                signal,
                user_ms,
                system_ms,
                max_rss_kib,
            } => {
                let end = match (status, signal) {
                    (Some(status), _) => format!("exit {status}"),
                    (None, Some(signal)) => signal_name(*signal),
                    (None, None) => "end unknown".to_string(),
                };
                let used = format!(
                    "{} user, {} system, {} at most",
                    duration(*user_ms),
                    duration(*system_ms),
                    bytes(max_rss_kib.saturating_mul(1024))
                );
                Parts {
                    label: "go ended",
                    text: format!("{end}; {used}"),
                    bad: *status != Some(0),
                }
            }
            Event::Stderr { line } => good("go says", line),
            Event::FileChanged { file, before, after } => {
                good("changed", format!("{file}: {before} -> {after}"))
            }
            Event::Cause { cause, whom } if whom.is_empty() => bad("cause", cause),
            Event::Cause { cause, whom } => bad("cause", format!("{cause}: {whom}")),
            Event::Warning { text } => bad("warning", text),
            Event::Log {
                level,
                target,
                message,
            } => good("log", format!("{level} {target}: {message}")),
            Event::End {
                outcome,
                code,
                total_ms,
                dropped,
            } => {
                let lost = match dropped {
                    0 => String::new(),
                    n => format!("; {} not recorded", count(*n, "event")),
                };
                good(
                    "end",
                    format!("{} {code} after {}{lost}", whose(outcome), duration(*total_ms)),
                )
            }
        }
    }

    fn resource(&self, request: u64) -> String {
        self.resources
            .get(&request)
            .cloned()
            .unwrap_or_else(|| match request {
                // Go had not asked for it yet.
                0 => "a file asked for ahead".into(),
                _ => format!("request {request}"),
            })
    }
}

/// `ours` is a word of the format.
fn whose(outcome: &str) -> &str {
    match outcome {
        "ours" => "gosteady",
        other => other,
    }
}

/// Command, directory, go, settings.
pub(super) fn header(run: &Run, style: Style) -> String {
    let mut out = format!("{}\n", style.bold(&plain(&run.command())));
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            out.push_str(&format!(
                "  {} {}\n",
                style.dim(&format!("{name:<9}")),
                plain(&value)
            ));
        }
    };
    line(
        "run",
        [&run.id, &run.started]
            .into_iter()
            .filter(|s| !s.is_empty())
            .cloned()
            .collect::<Vec<_>>()
            .join(", "),
    );
    line("directory", run.dir.clone());
    line(
        "go",
        if run.go_why.is_empty() {
            run.go.clone()
        } else {
            format!("{} ({})", run.go, run.go_why)
        },
    );
    line(
        "gosteady",
        format!("{} {}", run.gosteady, run.platform).trim().to_string(),
    );
    for (name, value) in run.settings.iter().filter(|(_, value)| !value.is_empty()) {
        line("setting", format!("{name}={value}"));
    }
    out
}

/// ` [dns-no-answer]`, or nothing.
fn tag(cause: Option<&str>) -> String {
    cause.map_or(String::new(), |id| format!(" [{id}]"))
}

/// Why it failed and what to do next, below the header; an id of a newer gosteady stands alone.
pub(super) fn cause(blame: &Blame, style: Style) -> String {
    let known = Cause::by_id(&blame.cause);
    let what = known.map_or(String::new(), |cause| format!(" {}", cause.what()));
    let whom = match blame.whom.as_str() {
        "" => String::new(),
        whom => format!(" ({whom})"),
    };
    let mut lines = vec![("cause", format!("[{}]{what}{whom}", blame.cause))];
    if let Some(cause) = known {
        lines.push(("next", cause.next_at(&blame.whom)));
        lines.push(("more", cause.more()));
    }
    let lines = lines.into_iter().map(|(name, text)| {
        let name = style.red(&format!("{name:<9}"));
        format!("  {name} {}\n", plain(&text))
    });
    lines.collect()
}

fn upstreams(list: &[Upstream]) -> String {
    let mut text = String::new();
    for upstream in list {
        text.push_str(&upstream.url);
        text.push_str(if upstream.public { " (public)" } else { "" });
        match upstream.separator.as_str() {
            "" => {}
            "," => text.push_str(", "),
            separator => text.push_str(&format!(" {separator} ")),
        }
    }
    text
}

/// `m@v1.0.0 zip at https://a, attempt 2: dns 3 ms, tcp 12 ms, … 1.2 MiB in 310 ms: 200 ok`; phases count from the
/// attempt's start.
fn toolchain(pinned: &str, go: &str, version: &str, rules: &[Rule]) -> String {
    let mut text = format!("{version} ({go})");
    if !pinned.is_empty() {
        text += &format!(", pinned: {pinned}");
    }
    for rule in rules {
        let place = if rule.place.is_empty() {
            &rule.rule
        } else {
            &rule.place
        };
        text += &format!("; {place} {}: {}", rule.says, rule.verdict);
    }
    text
}

fn attempt_text(a: &Attempt) -> String {
    let mut head = format!("{} at {}", a.resource, a.upstream);
    if a.attempt > 1 {
        head.push_str(&format!(", attempt {}", a.attempt));
    }
    if a.hedge {
        head.push_str(", hedge");
    }
    if a.reused {
        head.push_str(", kept connection");
    }
    let phases = [
        ("dns", a.dns_ms),
        ("tcp", a.connect_ms),
        ("tls", a.tls_ms),
        ("first byte", a.first_byte_ms),
    ];
    let mut steps: Vec<String> = phases
        .iter()
        .filter_map(|(name, ms)| Some(format!("{name} {}", duration((*ms)?))))
        .collect();
    steps.push(format!("{} in {}", bytes(a.bytes), duration(a.total_ms)));
    let status = a.status.map_or(String::new(), |status| format!("{status} "));
    let reason = if a.reason.is_empty() {
        String::new()
    } else {
        format!(" ({})", a.reason)
    };
    let tag = tag(a.cause.as_deref());
    format!("{head}: {}: {status}{}{reason}{tag}", steps.join(", "), a.outcome)
}
