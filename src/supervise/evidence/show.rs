//! Evidence as lines for the trace, secrets hidden.

use super::Evidence;
use super::locks::Holder;
use super::places::Place;
use super::processes::Sighting;
use crate::activity::Flight;
use crate::supervise::hide::short_command;
use crate::supervise::waiting::rounded;
use crate::trace::event::Finding;
use crate::ui::words::bytes;
use std::time::{Duration, Instant};

/// The most connections of one process that are listed.
const MOST: usize = 8;

/// Everything that was found, what could not be found out included.
pub fn findings(evidence: &Evidence, now: Instant) -> Vec<Finding> {
    let finding = |about: &str, text: String| Finding {
        about: about.to_string(),
        text,
    };
    let mut all = Vec::new();
    all.extend(
        evidence
            .guard_died
            .then(|| finding("guard", "the loopback proxy has ended".into())),
    );
    all.extend(
        evidence
            .flights
            .iter()
            .map(|f| finding("request", flight(f, now))),
    );
    for sighting in &evidence.processes {
        all.push(finding("process", process(sighting)));
        let pid = sighting.process.id.pid;
        if let Some(reads) = &sighting.reads {
            let typed = match reads.echo {
                Some(true) => "what is typed shows",
                Some(false) => "what is typed does not show",
                None => "it can't be asked whether what is typed shows",
            };
            let text = format!("pid {pid} reads {}; {typed}", reads.terminal);
            all.push(finding("terminal", text));
        }
        match &sighting.sockets {
            Ok(sockets) => all.extend(
                sockets
                    .iter()
                    .take(MOST)
                    .map(|s| finding("socket", format!("pid {pid}: {}", s.clause()))),
            ),
            Err(why) => all.push(finding("unavailable", format!("sockets of pid {pid}: {why}"))),
        }
        if let Some(wait) = &sighting.file_wait {
            let text = format!("pid {pid} waits for {}", wait.clause());
            all.push(finding("file-system", text));
        }
        if let Err(why) = &sighting.wait_channel {
            all.push(finding(
                "unavailable",
                format!("wait channel of pid {pid}: {why}"),
            ));
        }
    }
    for wait in &evidence.locks {
        let holder = match &wait.holder {
            Holder::Seen { pid, command, age } => format!("pid {pid}, {command}{}", old(*age)),
            Holder::Outside => "held outside of this pid namespace".to_string(),
        };
        let text = format!("pid {} waits for {}: {holder}", wait.waiter, wait.file);
        all.push(finding("lock", text));
    }
    all.extend(evidence.places.iter().map(|p| finding("file-system", place(p))));
    let missing = evidence.unavailable.iter();
    all.extend(missing.map(|why| finding("unavailable", why.clone())));
    all
}

fn flight(flight: &Flight, now: Instant) -> String {
    format!(
        "{} from {}: {} for {}, {} bytes, begun {} ago",
        flight.resource,
        flight.upstream,
        flight.stands(),
        rounded(now.saturating_duration_since(flight.moved)),
        flight.bytes,
        rounded(now.saturating_duration_since(flight.since)),
    )
}

fn process(sighting: &Sighting) -> String {
    let p = &sighting.process;
    let command = match short_command(&sighting.argv) {
        line if line.is_empty() => p.name.clone(),
        line => line,
    };
    let channel = match sighting.wait_channel.as_deref() {
        Ok("") | Err(_) => String::new(),
        Ok(channel) => format!(" in {channel}"),
    };
    let (pid, parent, state) = (p.id.pid, p.parent, p.state);
    format!(
        "pid {pid} of {parent}: {command}; state {state}{channel}{}",
        old(sighting.age)
    )
}

fn old(age: Option<Duration>) -> String {
    age.map_or(String::new(), |age| format!(", started {} ago", rounded(age)))
}

fn place(place: &Place) -> String {
    let (name, path) = (place.name, place.path.display());
    match &place.room {
        Ok(room) => {
            let inodes = room
                .inodes
                .map_or(String::new(), |n| format!(", {n} inodes free"));
            let (kind, free) = (&room.kind, bytes(room.free));
            format!("{name} {path}: {kind}, {free} free{inodes}")
        }
        Err(why) => format!("{name} {path}: unavailable: {why}"),
    }
}
