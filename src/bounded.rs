//! Work that may never return, with a bound.

use std::sync::mpsc;
use std::time::Duration;

/// Runs `work` on a thread of its own. `None` when it takes longer than `limit`: the thread is then left to itself.
pub fn run<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (tell, told) = mpsc::channel();
    let thread = std::thread::Builder::new().name("gosteady-look".into());
    thread
        .spawn(move || {
            // Signals are the main thread's.
            let _ = nix::sys::signal::SigSet::all().thread_block();
            let _ = tell.send(work());
        })
        .ok()?;
    told.recv_timeout(limit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_returns_is_left() {
        assert_eq!(run(Duration::from_secs(60), || 7), Some(7));
        let (_hold, never) = mpsc::channel::<()>();
        assert_eq!(run(Duration::from_millis(1), move || never.recv()), None);
    }
}
