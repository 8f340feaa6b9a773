//! Sending a run's trace to an OpenTelemetry collector (`trace.otlp`), as OTLP/JSON over HTTP, once the run is over.
//!
//! It is an export like any other: secrets are hidden and searched for, names are hashed, here with a salt that this
//! machine keeps, so that an upstream has the same name in every run. Whatever goes wrong is one record of the trace;
//! go's end does not wait for it any longer than [`FLUSH`].

mod endpoint;

use super::transport::{Client, Failure, Get};
use crate::activity::Activity;
use crate::config::Settings;
use crate::outcome::Outcome;
use crate::trace::names::own_salt;
use crate::trace::otlp;
use crate::trace::secrets::Secrets;
use crate::trace::story::Story;
use crate::trace::whole::{Hide, Whole};
use crate::trace::{Event, Finished, Recorder};
use crate::world::World;
use endpoint::Endpoint;
use nix::sys::signal::SigSet;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

/// How long reading, sending and the collector's answer may take together.
const FLUSH: Duration = Duration::from_millis(500);

/// Ends a recording as [`Recorder::finish`] does, and sends the trace where the settings ask for it.
pub fn finish(
    recorder: &Recorder,
    outcome: Outcome,
    keep: bool,
    world: &World,
    settings: &Settings,
) -> Finished {
    let mut finished = recorder.finish(outcome, keep || settings.trace_otlp);
    let Some(path) = finished.path.as_ref().filter(|_| settings.trace_otlp) else {
        return finished;
    };
    if let Err(why) = flush(path, world) {
        recorder.add(
            &finished,
            Event::Log {
                level: "warn".into(),
                target: "gosteady::proxy::collector".into(),
                message: format!("the trace was not sent: {why}"),
            },
        );
    }
    if !keep && finished.removable && std::fs::remove_file(path).is_ok() {
        finished.path = None;
    }
    finished
}

/// Sends a trace. The work is done by a thread, which the end of the process ends where it takes too long.
fn flush(path: &Path, world: &World) -> Result<(), String> {
    let Some(endpoint) = Endpoint::of(world)? else {
        return Ok(());
    };
    let (begun, bound) = (Instant::now(), endpoint.timeout.min(FLUSH));
    let late = format!("{} did not take it within {bound:?}", endpoint.shown());
    let (report, done) = mpsc::channel();
    let (path, world) = (path.to_path_buf(), Arc::new(world.clone()));
    let work = move || {
        let _ = SigSet::all().thread_block();
        let sent = body(&path, &world).and_then(|body| {
            let left = bound.saturating_sub(begun.elapsed());
            send(&endpoint, body, world, left)
        });
        let _ = report.send(sent);
    };
    let thread = std::thread::Builder::new().name("gosteady-otlp".into());
    thread.spawn(work).map_err(|e| format!("no thread: {e}"))?;
    done.recv_timeout(bound).unwrap_or(Err(late))
}

/// The request's body: all that leaves the machine.
fn body(path: &Path, world: &World) -> Result<String, String> {
    let told = |e: std::io::Error| format!("{}: {e}", path.display());
    let secrets = Secrets::of(world);
    let salt = own_salt(world).map_err(|e| format!("no salt for names: {e}"))?;
    let hide = Hide {
        secrets: &secrets,
        salt: Some(&salt),
    };
    let whole = Whole::read(BufReader::new(File::open(path).map_err(told)?), &hide);
    let text = render(&whole);
    match secrets.sources_in(&text, &render(&Whole::default())).first() {
        Some(source) => Err(format!("it would hold a secret from {source}")),
        None => Ok(text),
    }
}

fn render(whole: &Whole) -> String {
    let story = Story::of(&whole.records);
    let blame = || Some(story.summary.blame()?.cause);
    let cause = whole.cause.clone().or_else(blame);
    otlp::render(&story, cause.as_deref())
}

/// One POST. Any status of success will do: what the answer says of parts that were not taken helps nobody here.
fn send(endpoint: &Endpoint, body: String, world: Arc<World>, bound: Duration) -> Result<(), String> {
    let shown = endpoint.shown();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| e.to_string())?;
    let client = Client::new(world);
    let flight = Arc::new(Activity::default()).begin("trace", shown.as_str());
    let post = client.get(Get {
        address: endpoint.address.clone(),
        fresh: true,
        connect_timeout: bound,
        headers: endpoint.headers.clone(),
        post: Some(body.into()),
        flight: &flight,
    });
    let answer = runtime.block_on(async { tokio::time::timeout(bound, post).await });
    runtime.shutdown_background();
    match answer {
        Ok(Ok(answer)) if (200..300).contains(&answer.status) => Ok(()),
        Ok(Ok(answer)) => Err(format!("{shown} answered {}", answer.status)),
        Ok(Err(Failure { reason, .. })) => Err(format!("{shown}: {reason}")),
        Err(_) => Err(format!("{shown} did not answer in time")),
    }
}
