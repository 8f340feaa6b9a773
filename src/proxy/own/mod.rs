//! Requests of our own, made as go would make them: through the GOPROXY list, by a loopback proxy of this process, with
//! all that the proxy does for go (deadlines, retries, failover, credentials, verification).
//!
//! Source of the walks: cmd/go/internal/modfetch/proxy.go (TryProxies), sumdb.go (initBase).

mod http;
mod walk;

#[cfg(test)]
mod tests;

use super::{Running, Setup, start};
use crate::activity::Activity;
use crate::config::{Settings, goenv::GoEnv};
use crate::fetch::{Fetch, Missed};
use crate::gomod::pattern;
use crate::trace::Recorder;
use crate::ui::live::{Live, Mode};
use crate::ui::note;
use crate::world::World;
use http::Reply;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use walk::{Element, Step, Walk};

/// Where `direct` leads for golang.org/toolchain: what its go-import line says (go.dev/ref/mod#vcs-find).
const TOOLCHAIN_ORIGIN: &str = "https://go.dev/dl/mod";
const TOOLCHAIN: &str = "golang.org/toolchain";
/// The longest answer of a checksum database.
const MOST_RECORD: u64 = 4 << 20;

/// What fetches. It starts a proxy with the first request, and another for a place that the list does not hold.
#[derive(Debug)]
pub struct Own {
    setup: Setup,
    recorder: Recorder,
    activity: Arc<Activity>,
    walk: OnceCell<Walk>,
    proxies: RefCell<BTreeMap<String, Running>>,
    database: RefCell<Option<String>>,
    sums: Option<tempfile::NamedTempFile>,
    live: RefCell<Live>,
    begun: Instant,
}

impl Own {
    /// Of go's settings and ours; nothing is opened or asked yet. `mode` is how progress is shown.
    pub fn new(world: &World, env: &GoEnv, settings: &Settings, mode: Mode, recorder: Recorder) -> Own {
        let sums = tempfile::NamedTempFile::new().ok();
        let goauth = env.text("GOAUTH");
        let setup = Setup {
            goproxy: env.goproxy(),
            gonoproxy: env.gonoproxy(),
            gosumdb: env.gosumdb(),
            goauth: if goauth.is_empty() { "netrc".into() } else { goauth },
            world: Arc::new(world.clone()),
            spool: env.gomodcache().unwrap_or_else(std::env::temp_dir),
            sums: sums.iter().map(|file| file.path().to_path_buf()).collect(),
            prefetch: None,
            rules: settings.proxy.clone(),
        };
        Own {
            setup,
            recorder,
            activity: Arc::default(),
            walk: OnceCell::new(),
            proxies: RefCell::default(),
            database: RefCell::default(),
            sums,
            live: RefCell::new(Live::new(mode)),
            begun: Instant::now(),
        }
    }

    /// GOSUMDB as it is in effect.
    pub fn gosumdb(&self) -> &str {
        &self.setup.gosumdb
    }

    /// Shows on the progress line what this machine is busy with, until the next request or the end.
    pub fn busy(&self, with: &str) {
        self.live.borrow_mut().busy(with);
    }

    /// Says a line on stderr, past the progress line.
    pub fn say(&self, line: &str) {
        self.live.borrow_mut().clear();
        note(line);
    }

    /// Ends the proxies and clears the progress line. Returns what they had to say, for lines on stderr.
    pub fn stop(self) -> Vec<String> {
        self.live.borrow_mut().clear();
        let proxies = self.proxies.into_inner().into_values();
        let notes = proxies.flat_map(|running| running.stop().notes);
        // What the proxy was told to expect did not come from a go.sum.
        notes
            .map(|note| note.replace("go.sum", "the checksum database"))
            .collect()
    }

    /// The list as a child would get it: each http(s) element is a loopback base.
    fn walk(&self) -> Result<&Walk, Missed> {
        if let Some(walk) = self.walk.get() {
            return Ok(walk);
        }
        let list = match pattern::matches_prefix(&self.setup.gonoproxy, TOOLCHAIN) {
            true => "direct".to_owned(),
            false => self.loopback(&self.setup.goproxy)?,
        };
        let walk = Walk::parse(&list).map_err(|why| Missed::Unavailable { why, passing: false })?;
        Ok(self.walk.get_or_init(|| walk))
    }

    /// What a list is called by a child of its proxy, which is started if it is not running.
    fn loopback(&self, list: &str) -> Result<String, Missed> {
        if let Some(running) = self.proxies.borrow().get(list) {
            return Ok(running.goproxy().to_owned());
        }
        let setup = Setup {
            goproxy: list.to_owned(),
            ..self.setup.clone()
        };
        let failed = |why| Missed::Unavailable { why, passing: true };
        match start(setup, self.recorder.clone(), Arc::clone(&self.activity)) {
            Err(error) => Err(failed(format!("the loopback proxy could not start: {}", error.0))),
            // No http(s) element: it is its own.
            Ok(None) => Ok(list.to_owned()),
            Ok(Some(running)) => {
                let goproxy = running.goproxy().to_owned();
                self.proxies.borrow_mut().insert(list.to_owned(), running);
                Ok(goproxy)
            }
        }
    }

    /// Puts the users' addresses in the place of ours.
    fn named(&self, base: &str) -> String {
        let proxies = self.proxies.borrow();
        let mut rewrites = proxies.values().flat_map(|running| running.rewrites());
        let ours = |base: &[u8], from: &[u8]| {
            base.strip_prefix(from)
                .is_some_and(|rest| matches!(rest, [] | [b'/', ..]))
        };
        let found = rewrites.find(|r| ours(base.as_bytes(), &r.from));
        found.map_or_else(
            || base.to_owned(),
            |r| String::from_utf8_lossy(&r.to).into_owned(),
        )
    }

    fn get(&self, base: &str, path: &str, most: u64, into: &mut dyn Write) -> Result<(), Missed> {
        let mut tick = || {
            let snapshot = self.activity.snapshot();
            if let Some(line) = self.live.borrow_mut().tick(&snapshot, self.begun.elapsed()) {
                note(&line);
            }
        };
        let reply = if base.starts_with("http") {
            http::get(base, path, most, into, &mut tick)
        } else {
            http::read(base, path, most, into)
        };
        self.live.borrow_mut().clear();
        match reply {
            Ok(Reply::Whole) => Ok(()),
            Ok(Reply::Status(status, said)) => {
                let name = self.named(base);
                Err(walk::missed(status, &name, &said))
            }
            Err(http::Broken::Local(error)) => Err(Missed::Local(error)),
            Err(http::Broken::Peer(why)) => Err(Missed::Unavailable {
                why: format!("{}: {why}", self.named(base)),
                passing: true,
            }),
        }
    }

    /// An address outside of the list, by a proxy of its own. It may hold a password, so no message repeats it.
    fn elsewhere(&self, url: &str) -> Result<String, Missed> {
        let base = self.loopback(url)?;
        match base.starts_with("http://127.0.0.1:") || url.starts_with("file:") {
            true => Ok(base),
            false => Err(Missed::Unavailable {
                why: "its address is none that go would ask".into(),
                passing: false,
            }),
        }
    }

    fn find_database(&self, name: &str) -> Result<String, Missed> {
        for Step { element, after } in &self.walk()?.steps {
            let Element::Base(base) = element else { break };
            let mut nothing = Vec::new();
            match self.get(
                base,
                &format!("sumdb/{name}/supported"),
                MOST_RECORD,
                &mut nothing,
            ) {
                Ok(()) => return Ok(format!("{base}/sumdb/{name}")),
                Err(missed) if after.goes_on(&missed) => {}
                Err(Missed::Absent(_)) => break,
                Err(missed) => return Err(missed),
            }
        }
        self.elsewhere(&format!("https://{name}"))
    }
}

impl Fetch for Own {
    fn module(&self, path: &str, most: u64, into: &mut dyn Write) -> Result<String, Missed> {
        let mut said = walk::Said::default();
        for Step { element, after } in &self.walk()?.steps {
            let base = match element {
                Element::Base(base) => base.clone(),
                Element::Direct => self.elsewhere(TOOLCHAIN_ORIGIN)?,
                Element::Off => {
                    said.add(Missed::Absent("GOPROXY ends with off".into()));
                    break;
                }
            };
            let mut counted = walk::Counted::new(into);
            match self.get(&base, path, most, &mut counted) {
                Ok(()) => return Ok(self.named(&base)),
                // A part of the file is written: another's can't follow it.
                Err(missed) if counted.any() || !after.goes_on(&missed) => {
                    said.add(missed);
                    break;
                }
                Err(missed) => said.add(missed),
            }
        }
        Err(said.sum())
    }

    fn checksums(&self, name: &str, url: Option<&str>, path: &str) -> Result<Vec<u8>, Missed> {
        let known = self.database.borrow().clone();
        let base = match (known, url) {
            (Some(base), _) => base,
            (None, Some(url)) => self.elsewhere(url)?,
            (None, None) => self.find_database(name)?,
        };
        self.database.replace(Some(base.clone()));
        let mut answer = Vec::new();
        self.get(&base, path, MOST_RECORD, &mut answer)?;
        Ok(answer)
    }

    fn carrier(&self) -> Option<String> {
        self.database.borrow().as_ref().map(|base| self.named(base))
    }

    fn expect(&self, line: &str) {
        // Only an early word: whoever asked checks what comes.
        if let Some(mut file) = self.sums.as_ref().and_then(|f| f.reopen().ok()) {
            let _ = writeln!(file, "{line}");
        }
    }

    fn is_off(&self) -> bool {
        self.walk().is_ok_and(|walk| {
            matches!(
                walk.steps.first(),
                Some(Step {
                    element: Element::Off,
                    ..
                })
            )
        })
    }
}

/// The directory that a `file://` element names.
pub fn file_root(url: &str) -> Option<PathBuf> {
    let path = url
        .strip_prefix("file://")
        .or_else(|| url.strip_prefix("file:"))?;
    let bytes = crate::percent::decode(path)?;
    let path = PathBuf::from(String::from_utf8(bytes).ok()?);
    path.is_absolute().then_some(path)
}
