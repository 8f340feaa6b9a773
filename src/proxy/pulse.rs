//! Whether an attempt still moves: the first byte, then at least 1 KiB/s.

use std::cell::Cell;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The slowest rate that counts as moving, bytes per second.
const SLOWEST: f64 = 1024.0;

/// Every byte pays for some time; what is not paid for is the silence so far. It begins when the attempt does.
#[derive(Debug, Default)]
pub struct Pulse {
    paid: Cell<Option<Instant>>,
    begun: Notify,
}

impl Pulse {
    /// The attempt begins.
    pub fn begin(&self) {
        self.paid.set(Some(Instant::now()));
        self.begun.notify_waiters();
    }

    /// The head came, or something else that is life in itself.
    pub fn beat(&self) {
        self.paid.set(Some(Instant::now()));
    }

    /// What follows is this machine's own work: no silence until the next beginning.
    pub fn rest(&self) {
        self.paid.set(None);
    }

    /// Body bytes came.
    pub fn bytes(&self, n: usize) {
        if let Some(paid) = self.paid.get() {
            self.paid.set(Some(pay(paid, n, Instant::now())));
        }
    }

    /// Whether it has been silent, or slower than 1 KiB/s, for so long by now.
    pub fn is_silent(&self, bound: Duration) -> bool {
        self.paid.get().is_some_and(|paid| paid + bound <= Instant::now())
    }

    /// Ends when the attempt has been silent, or slower than 1 KiB/s, for so long.
    pub async fn silent(&self, bound: Duration) {
        loop {
            let begun = self.begun.notified();
            match self.paid.get() {
                None => begun.await,
                Some(paid) => {
                    let due = paid + bound;
                    if due <= Instant::now() {
                        return;
                    }
                    tokio::time::sleep_until(due).await;
                }
            }
        }
    }
}

fn pay(paid: Instant, bytes: usize, now: Instant) -> Instant {
    (paid + Duration::from_secs_f64(bytes as f64 / SLOWEST)).min(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_pay_for_time_but_not_in_advance() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        assert_eq!(pay(start, 1024, start + 10 * second), start + second);
        assert_eq!(pay(start, 1 << 20, start + 10 * second), start + 10 * second);
        let mut slow = start;
        for n in 1..=20 {
            slow = pay(slow, 512, start + n * second);
        }
        assert_eq!(slow, start + 10 * second);
    }
}
