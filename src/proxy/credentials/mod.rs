//! What go would send to prove who it is: userinfo, netrc, GOAUTH. Source: cmd/go/internal/auth.
//!
//! One difference: go validates what `git credential` gave with a HEAD request in the background and tells git to
//! approve or reject it. That is left to git's own commands.

mod helper;
mod method;
mod netrc;
mod output;
mod store;

#[cfg(test)]
mod tests;

use super::transport::{Address, basic};
use crate::bounded;
use crate::secret::Secret;
use crate::world::World;
use helper::Helper;
use method::Method;
use netrc::Line;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::Store;
use tokio::sync::{OnceCell, Semaphore};

/// Headers for a request.
pub type Headers = Vec<(String, Secret<String>)>;

/// How many times at once the helpers are asked again; go has no limit, but neither does it prefetch.
const AT_ONCE: usize = 8;
/// Bytes of a netrc file that are read.
const NETRC_MAX: u64 = 1 << 20;

/// The credentials of a run. Nothing is read and no helper is run before the first https request.
#[derive(Debug)]
pub struct Credentials {
    methods: Vec<Method>,
    world: Arc<World>,
    /// How long one helper may take.
    bound: Duration,
    asked: OnceCell<()>,
    netrc: OnceCell<Vec<Line>>,
    store: Mutex<Store>,
    turns: Semaphore,
}

/// Whether go ends at its first https request over this GOAUTH: its form, or a `git` directory that is none.
pub fn refused(goauth: &str) -> bool {
    let no_dir = |method: &Method| matches!(method, Method::Git(dir) if !dir.is_dir());
    method::parse(goauth).map_or(true, |methods| methods.iter().any(no_dir))
}

/// The programs that this GOAUTH would run, in its order; an error where go would refuse it or one of
/// them.
pub fn programs(goauth: &str) -> Result<Vec<String>, String> {
    let methods = method::parse(goauth)?.into_iter().rev();
    let program = |method| match method {
        Method::Netrc => Ok(None),
        Method::Git(_) => Ok(Some("git".to_owned())),
        Method::Command(words) => Ok(words.into_iter().next()),
        Method::Unreadable(why) => Err(why),
    };
    methods.filter_map(|method| program(method).transpose()).collect()
}

/// Runs each command of GOAUTH once, as go does before its first request: its program, and for how many addresses it
/// gave headers, or why for none. What they are is told to nobody. Blocks, for as long as the bound at most.
pub fn rehearse(goauth: &str, world: &World, bound: Duration) -> Vec<(String, Result<usize, String>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (Ok(runtime), Ok(methods)) = (runtime, method::parse(goauth)) else {
        return Vec::new();
    };
    let all = async {
        let mut found = Vec::new();
        for method in &methods {
            let Method::Command(words) = method else { continue };
            let helper = Helper {
                words,
                dir: None,
                input: None,
            };
            let left = bound / methods.len() as u32;
            let printed = helper::run(helper, world, left).await;
            let known = printed.and_then(|printed| output::parse_command(&printed));
            found.push((words[0].clone(), known.map(|known| known.len())));
        }
        found
    };
    let found = runtime.block_on(all);
    runtime.shutdown_background();
    found
}

/// The netrc file that go would read: NETRC, else `~/.netrc`.
pub fn netrc_path(world: &World) -> Option<PathBuf> {
    netrc::path(world)
}

// It may be the pipe of a shell's `<(…)`, which go too reads to its end; one that nobody writes to is given up.
fn read_netrc(path: PathBuf, bound: Duration) -> io::Result<Vec<u8>> {
    let read = move || {
        let mut data = Vec::new();
        File::open(path)?.take(NETRC_MAX).read_to_end(&mut data)?;
        Ok(data)
    };
    bounded::run(bound, read).unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
}

/// Why the helpers are asked once more.
struct Again<'a> {
    url: &'a str,
    /// The answer's status line and headers, as a helper reads them.
    answer: String,
}

impl Credentials {
    /// From GOAUTH's value as go reads it (default `netrc`), and the surroundings (NETRC, HOME, PATH, directory).
    /// A value that go would refuse counts as `off`, with a warning.
    pub fn new(goauth: &str, world: Arc<World>) -> Credentials {
        let methods = method::parse(goauth).unwrap_or_else(|why| {
            tracing::warn!("no credentials are used: {why}");
            Vec::new()
        });
        Credentials {
            methods,
            world,
            bound: helper::BOUND,
            asked: OnceCell::new(),
            netrc: OnceCell::new(),
            store: Mutex::default(),
            turns: Semaphore::new(AT_ONCE),
        }
    }

    /// Headers for a request to this address; none for http. Userinfo in the address is Basic auth, unless a
    /// header is already there. The first call runs every helper once; callers meanwhile wait for the same run.
    pub async fn headers(&self, address: &Address) -> Headers {
        if !address.https {
            return Headers::new();
        }
        self.asked.get_or_init(|| self.ask(None)).await;
        self.find(address)
    }

    /// After a 4xx over https: asks the helpers once more with the address and the answer's head. Returns the new
    /// headers where they differ from `sent`, else `None` (asking again would be pointless). `status_line` is as in
    /// `HTTP/1.1 401 Unauthorized`.
    pub async fn ask_again(
        &self,
        address: &Address,
        status_line: &str,
        head: &[(String, String)],
        sent: &Headers,
    ) -> Option<Headers> {
        if !address.https || self.methods.is_empty() {
            return None;
        }
        let _turn = self.turns.acquire().await.ok()?;
        let again = Again {
            url: &address.to_string(),
            answer: answer(status_line, head),
        };
        self.asked.get_or_init(|| self.ask(None)).await;
        // Netrc alone has nothing new to say.
        if self.methods.iter().any(|m| *m != Method::Netrc) {
            self.ask(Some(&again)).await;
        }
        let headers = self.find(address);
        (headers != *sent).then_some(headers)
    }

    /// Runs every method, the last one first. A failing one is passed over.
    async fn ask(&self, again: Option<&Again<'_>>) {
        for method in &self.methods {
            match method {
                Method::Netrc => self.ask_netrc().await,
                Method::Git(dir) => {
                    if let Some(again) = again {
                        self.ask_git(dir, again.url).await;
                    }
                }
                Method::Command(words) => self.ask_command(words, again).await,
                Method::Unreadable(why) => tracing::warn!("a command of GOAUTH is not used: {why}"),
            }
        }
    }

    async fn ask_netrc(&self) {
        let lines = self.netrc.get_or_init(|| async {
            let Some(path) = netrc::path(&self.world) else {
                return Vec::new();
            };
            let bound = self.bound;
            let read = tokio::task::spawn_blocking(move || read_netrc(path, bound));
            match read.await.map_err(io::Error::other).flatten() {
                Ok(data) => netrc::parse(&String::from_utf8_lossy(&data)),
                Err(error) => {
                    if error.kind() != io::ErrorKind::NotFound {
                        tracing::warn!("netrc cannot be read: {error}");
                    }
                    Vec::new()
                }
            }
        });
        let lines = lines.await;
        let mut store = self.store();
        // Backwards, so that the first of two entries for one machine wins.
        for line in lines.iter().rev() {
            store.put(&line.machine, authorization(&line.login, line.password.expose()));
        }
    }

    async fn ask_git(&self, dir: &Path, url: &str) {
        let words = ["git", "credential", "fill"].map(String::from);
        let helper = Helper {
            words: &words,
            dir: Some(dir),
            input: Some(format!("url={url}\n")),
        };
        match helper::run(helper, &self.world, self.bound).await {
            Ok(printed) => {
                let found = output::parse_git(&printed);
                if found.prefix.is_empty() || !url.starts_with(&found.prefix) {
                    tracing::warn!("git credential fill gave no credential for what was asked");
                    return;
                }
                let password = found.password.as_ref().map_or("", |p| p.expose().as_str());
                self.store()
                    .put(&found.prefix, authorization(&found.username, password));
            }
            Err(why) => tracing::warn!("git credential fill {why}"),
        }
    }

    async fn ask_command(&self, words: &[String], again: Option<&Again<'_>>) {
        let mut words = words.to_vec();
        words.extend(again.map(|again| again.url.to_string()));
        let helper = Helper {
            words: &words,
            dir: None,
            input: again.map(|again| again.answer.clone()),
        };
        let printed = helper::run(helper, &self.world, self.bound).await;
        match printed.and_then(|printed| output::parse_command(&printed)) {
            Ok(found) => {
                let mut store = self.store();
                for (prefix, headers) in found {
                    store.put(&prefix, headers);
                }
            }
            // Its arguments may hold a secret; its name does not.
            Err(why) => tracing::warn!("GOAUTH command {}: {why}", words[0]),
        }
    }

    /// What is known for this address. Where it carries userinfo that is used alone: go looks prefixes up by the
    /// whole URL, userinfo included, and so finds none.
    fn find(&self, address: &Address) -> Headers {
        match &address.userinfo {
            Some(userinfo) => {
                let (user, password) = userinfo.expose();
                authorization(user, password.as_deref().unwrap_or_default())
            }
            None => self.store().find(address).cloned().unwrap_or_default(),
        }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn authorization(user: &str, password: &str) -> Headers {
    vec![("Authorization".into(), basic(user, password))]
}

fn answer(status_line: &str, head: &[(String, String)]) -> String {
    let mut text = format!("{status_line}\n");
    for (name, value) in head {
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push('\n');
    text
}
