//! A module server on 127.0.0.1 that does what its fault says and remembers what it was asked.

use super::fault::{Fault, Kind, Turn};
use super::http::{self, Head};
use super::misbehave::{self, After};
use super::socket::{self, Blackhole, Refusing};
use super::store::Store;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufReader};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Connections that one server holds at once; more are closed.
const MOST: usize = 512;

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, mostly.
    pub method: String,
    /// The target as it stood on the wire, percent-escapes and query included.
    pub path: String,
    /// Headers in their order.
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// The value of a header; names are compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        http::find(&self.headers, name)
    }
}

/// A running server; dropping it closes every connection and ends every thread.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    front: Front,
}

#[derive(Debug)]
enum Front {
    Open(SocketAddr, Option<JoinHandle<()>>),
    Blackhole(
        SocketAddr,
        #[expect(dead_code, reason = "holds the port")] Blackhole,
    ),
    Refusing(
        SocketAddr,
        #[expect(dead_code, reason = "holds the port")] Refusing,
    ),
    Nowhere,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    fault: Mutex<Arc<Fault>>,
    asked: Mutex<Asked>,
    open: Mutex<BTreeMap<u64, TcpStream>>,
    accepted: AtomicU64,
    stop: Stop,
}

#[derive(Debug, Default)]
struct Asked {
    requests: Vec<Request>,
    of_kind: HashMap<Kind, u64>,
    of_path: HashMap<String, u64>,
}

/// A wait that the end of the server cuts short.
#[derive(Debug, Default)]
pub(super) struct Stop {
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// Waits; true if the server stopped meanwhile.
    pub(super) fn wait(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut stopped = lock(&self.stopped);
        while !*stopped {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            stopped = match self.changed.wait_timeout(stopped, left) {
                Ok((guard, _)) => guard,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        true
    }

    fn set(&self) {
        *lock(&self.stopped) = true;
        self.changed.notify_all();
    }

    fn is_set(&self) -> bool {
        *lock(&self.stopped)
    }
}

impl Server {
    /// Starts a server of these modules. The three faults of a whole server ([`Fault::ConnectBlackhole`],
    /// [`Fault::Refused`], [`Fault::NoSuchHost`]) take effect only as the outermost fault. Fails where no loopback
    /// port can be had.
    pub fn start(modules: Store, fault: Fault) -> io::Result<Server> {
        let front = match fault {
            Fault::NoSuchHost => Front::Nowhere,
            Fault::Refused => {
                let port = Refusing::open()?;
                Front::Refusing(port.address()?, port)
            }
            _ => {
                let listener = TcpListener::bind(("127.0.0.1", 0))?;
                let address = listener.local_addr()?;
                if fault == Fault::ConnectBlackhole {
                    Front::Blackhole(address, Blackhole::of(listener)?)
                } else {
                    return Server::open(listener, address, modules, fault);
                }
            }
        };
        Ok(Server {
            shared: Shared::new(modules, fault),
            front,
        })
    }

    fn open(listener: TcpListener, address: SocketAddr, modules: Store, fault: Fault) -> io::Result<Server> {
        let shared = Shared::new(modules, fault);
        let ours = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name(format!("drill-{}", address.port()))
            .spawn(move || ours.accept(&listener))?;
        Ok(Server {
            shared,
            front: Front::Open(address, Some(thread)),
        })
    }

    /// The base address, as it stands in GOPROXY.
    pub fn url(&self) -> String {
        match self.front {
            Front::Open(address, _) | Front::Blackhole(address, _) | Front::Refusing(address, _) => {
                format!("http://{address}")
            }
            // RFC 6761: a name under .invalid never resolves.
            Front::Nowhere => "http://mirror.invalid".to_string(),
        }
    }

    /// The requests so far, in the order in which their heads were read.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.asked).requests.clone()
    }

    /// The connections accepted so far.
    pub fn connections(&self) -> u64 {
        self.shared.accepted.load(Relaxed)
    }

    /// Behaves differently from the next request on; requests that are being answered go on as they began.
    pub fn set_fault(&self, fault: Fault) {
        *lock(&self.shared.fault) = Arc::new(fault);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop.set();
        if let Front::Open(address, thread) = &mut self.front {
            // Wakes the accepting thread; where even that fails, it is left to the end of the process.
            let woken = TcpStream::connect_timeout(address, Duration::from_secs(1)).is_ok();
            if let Some(thread) = thread.take().filter(|_| woken) {
                let _ = thread.join();
            }
        }
    }
}

impl Shared {
    fn new(store: Store, fault: Fault) -> Arc<Shared> {
        Arc::new(Shared {
            store,
            fault: Mutex::new(Arc::new(fault)),
            asked: Mutex::default(),
            open: Mutex::default(),
            accepted: AtomicU64::new(0),
            stop: Stop::default(),
        })
    }

    /// Accepts until stopped, then ends every connection and waits for its thread.
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        let mut threads: Vec<JoinHandle<()>> = Vec::new();
        loop {
            let accepted = listener.accept();
            if self.stop.is_set() {
                break;
            }
            threads.retain(|t| !t.is_finished());
            let Ok((stream, _)) = accepted else {
                // Out of descriptors, mostly: let some be closed first.
                self.stop.wait(Duration::from_millis(20));
                continue;
            };
            let id = self.accepted.fetch_add(1, Relaxed);
            let Ok(handle) = stream.try_clone() else { continue };
            if threads.len() >= MOST {
                continue;
            }
            lock(&self.open).insert(id, handle);
            let ours = Arc::clone(self);
            match thread::Builder::new().spawn(move || ours.serve(id, stream)) {
                Ok(thread) => threads.push(thread),
                Err(_) => {
                    lock(&self.open).remove(&id);
                }
            }
        }
        for stream in lock(&self.open).values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        for thread in threads {
            let _ = thread.join();
        }
    }

    /// Serves one connection to its end.
    fn serve(&self, id: u64, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let mut reader = BufReader::new(stream);
        let mut after = After::Next;
        while after == After::Next {
            let Ok(Some(head)) = http::read_head(&mut reader) else {
                break;
            };
            after = self.answer(id, reader.get_ref(), &head);
            if !head.keep_alive() && after == After::Next {
                after = After::Close;
            }
        }
        if after == After::Hold {
            // Silent until the client gives up, or the server ends.
            let _ = io::copy(&mut reader, &mut io::sink());
        }
        // Our second handle must be gone first, or closing this one would close nothing.
        lock(&self.open).remove(&id);
        if after == After::Reset {
            socket::reset(reader.into_inner());
        }
    }

    fn answer(&self, connection: u64, stream: &TcpStream, head: &Head) -> After {
        let path = http::decode(&head.target);
        let (number, of_kind, of_path) = self.note(head, &path);
        let fault = Arc::clone(&lock(&self.fault));
        let turn = Turn {
            number,
            of_kind,
            of_path,
            connection,
            path: &path,
            known: self.store.get(&path).is_some(),
        };
        let plan = fault.plan(turn);
        misbehave::answer(stream, head, &path, &self.store, &plan, &self.stop).unwrap_or(After::Close)
    }

    /// Remembers a request; returns how many came before it: all, those of its kind, those for the same path.
    fn note(&self, head: &Head, path: &str) -> (u64, u64, u64) {
        let mut asked = lock(&self.asked);
        let number = asked.requests.len() as u64;
        asked.requests.push(Request {
            method: head.method.clone(),
            path: head.target.clone(),
            headers: head.headers.clone(),
        });
        let count = |n: &mut u64| std::mem::replace(n, *n + 1);
        let of_kind = count(asked.of_kind.entry(Kind::of(path)).or_default());
        let of_path = count(asked.of_path.entry(path.to_string()).or_default());
        (number, of_kind, of_path)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

#[cfg(test)]
mod tests;
