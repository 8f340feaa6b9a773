//! The proxy's own thread: started, checked and ended within stated bounds.

use super::engine::Engine;
use super::list::List;
use super::notes::Notes;
use super::{Rewrite, Setup, StartError, loopback, prefetch, serve};
use crate::activity::Activity;
use crate::hex;
use crate::trace::Recorder;
use nix::sys::resource::{Resource, getrlimit, rlim_t};
use std::net::{Ipv4Addr, TcpListener};
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tokio::sync::oneshot;

/// How many descriptors a run needs: with a third of them go's connections and ours wait for each other for ever.
const DESCRIPTORS: rlim_t = 64;
/// How long the first connection to ourselves may take.
const CHECK: Duration = Duration::from_secs(2);
/// How long it may take to leave what was learnt to the next run.
const SAVE: Duration = Duration::from_millis(300);
/// How long the end may take.
const END: Duration = Duration::from_secs(1);

/// A running thread. Dropping it ends the thread without waiting.
#[derive(Debug)]
pub struct Thread {
    /// The child's GOPROXY.
    pub goproxy: String,
    /// What is put back in go's output.
    pub rewrites: Vec<Rewrite>,
    /// What it tells.
    pub notes: Arc<Notes>,
    stop: oneshot::Sender<()>,
    ended: mpsc::Receiver<()>,
}

impl Thread {
    /// Starts serving and connects once.
    pub fn start(
        setup: Setup,
        list: List,
        recorder: Recorder,
        activity: Arc<Activity>,
    ) -> Result<Thread, StartError> {
        let failed = |what: &str, e: &dyn std::fmt::Display| StartError(format!("{what}: {e}"));
        room()?;
        keep_the_heap();
        let mut random = [0u8; 24];
        // The generator of the TLS library spends over 20 ms on its own seeding when first used.
        getrandom::fill(&mut random).map_err(|e| failed("no random numbers", &e))?;
        let token = hex::encode(&random[..16]);
        let seed = random[16..].iter().fold(0, |all, b| all << 8 | u64::from(*b));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|e| failed("no free port", &e))?;
        listener
            .set_nonblocking(true)
            .map_err(|e| failed("no free port", &e))?;
        let port = listener
            .local_addr()
            .map_err(|e| failed("no free port", &e))?
            .port();

        let root = format!("http://127.0.0.1:{port}/{token}");
        let goproxy = list.child(&root);
        let rewrites = list.upstreams().enumerate().map(|(number, base)| Rewrite {
            from: format!("{root}/{number}").into_bytes(),
            to: base.shown.clone().into_bytes(),
        });
        let rewrites = rewrites.collect();
        let notes = Arc::new(Notes::default());
        let (stop, stopped) = oneshot::channel();
        let (ending, ended) = mpsc::channel();
        let work = {
            let (token, notes) = (token.clone(), Arc::clone(&notes));
            let guard = activity.guard();
            move || {
                // Signals are the main thread's; a thread that takes one would end waits that are not its own.
                let _ = nix::sys::signal::SigSet::all().thread_block();
                run(listener, stopped, token, || {
                    Engine::new(setup, list, seed, recorder, activity, notes)
                });
                drop((guard, ending));
            }
        };
        let thread = std::thread::Builder::new().name("gosteady-proxy".into());
        thread.spawn(work).map_err(|e| failed("no thread", &e))?;
        let thread = Thread {
            goproxy,
            rewrites,
            notes,
            stop,
            ended,
        };
        if loopback::alive(port, &token, CHECK) {
            return Ok(thread);
        }
        // Plain go takes our place now. While one thread is in execve(2) no other one of its process can start a
        // thread (EAGAIN), which the runtime takes for a fault.
        thread.stop();
        Err(StartError("127.0.0.1 does not answer".into()))
    }

    /// Ends it, waiting at most a second.
    pub fn stop(self) {
        let _ = self.stop.send(());
        // Nothing is ever sent: the thread's end closes the channel.
        let _ = self.ended.recv_timeout(END);
    }
}

fn run(
    listener: TcpListener,
    stopped: oneshot::Receiver<()>,
    token: String,
    engine: impl FnOnce() -> Engine,
) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(8)
        .enable_all()
        .build()
    else {
        return;
    };
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async move {
        let engine = Rc::new(engine());
        engine.recorder.emit(engine.upstreams());
        let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
            return;
        };
        prefetch::begin_early(&engine);
        tokio::select! {
            () = serve::serve(listener, token, Rc::clone(&engine)) => {}
            _ = stopped => {}
        }
        let _ = tokio::time::timeout(SAVE, engine.health.settled()).await;
    });
    drop(local);
    runtime.shutdown_background();
}

fn room() -> Result<(), StartError> {
    match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((soft, _)) if soft < DESCRIPTORS => Err(StartError(format!(
            "`ulimit -n` is {soft}, and {DESCRIPTORS} are needed"
        ))),
        _ => Ok(()),
    }
}

// Bodies come and go all the time. Left to itself glibc grows a thread's heap by a page or three at a time and gives
// memory back after each body: the page faults cost more than the copying.
fn keep_the_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt only sets numbers, under the allocator's own lock.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
        libc::mallopt(libc::M_MMAP_THRESHOLD, 4 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 8 << 20);
        libc::mallopt(libc::M_TOP_PAD, 1 << 20);
    }
}
