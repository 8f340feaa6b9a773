//! How many requests ahead of go's own run at once. Pure.

use std::time::Duration;

const MOST: f64 = 32.0;
const START: f64 = 8.0;
/// An upstream that answers sooner is as quick as go can ask.
const QUICK: Duration = Duration::from_millis(8);
/// The time of a larger body tells of its transfer, not of how quick the upstream is.
const SMALL: u64 = 64 << 10;

/// A window that grows while the upstream is healthy and is halved when it says it is not.
#[derive(Debug, Clone)]
pub struct Pace {
    window: f64,
    most: f64,
    came: bool,
    quickest: Option<Duration>,
    recent: Option<Duration>,
}

impl Pace {
    /// The start of it; never above `most`.
    pub fn new(most: usize) -> Pace {
        let most = MOST.min(most as f64);
        Pace {
            window: START.min(most),
            most,
            came: false,
            quickest: None,
            recent: None,
        }
    }

    /// Requests that may run at once; 0 ends it for the run.
    pub fn window(&self) -> usize {
        self.window as usize
    }

    /// The upstream is a public mirror and has answered nothing at first: the full width.
    pub fn open(&mut self) {
        if !self.came && self.window >= START.min(self.most) {
            self.window = self.most;
        }
    }

    /// A file of so many bytes came so long after it was last asked for: two more may run, unless answers are getting slower, or come so
    /// soon that there is nothing to hide.
    pub fn came(&mut self, after: Duration, bytes: u64) {
        self.came = true;
        if bytes > SMALL && after > QUICK {
            return;
        }
        let quickest = self.quickest.map_or(after, |q| q.min(after));
        let recent = self.recent.map_or(after, |r| (r * 3 + after) / 4);
        (self.quickest, self.recent) = (Some(quickest), Some(recent));
        if self.window >= 1.0 && recent > QUICK && recent <= quickest * 3 + Duration::from_millis(20) {
            self.window = (self.window + 2.0).min(self.most);
        }
    }

    /// Whether the upstream answers so soon that nothing needs to be hidden.
    pub fn is_quick(&self) -> bool {
        self.recent.is_some_and(|recent| recent <= QUICK)
    }

    /// How long a file may be waited for that comes with another one, before it is asked for by itself: what two
    /// small files take. While nothing has come nobody knows whether anything will, and it is asked for at once.
    pub fn patience(&self) -> Duration {
        match self.recent {
            Some(recent) => recent * 2 + Duration::from_millis(100),
            None if self.came => Duration::from_secs(1),
            None => Duration::ZERO,
        }
    }

    /// The upstream answered 429 or 503, to whatever request.
    pub fn refused(&mut self) {
        self.window = (self.window / 2.0).floor();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn it_grows_while_healthy_and_ends_when_refused() {
        let mut pace = Pace::new(32);
        assert_eq!((pace.window(), pace.patience()), (8, Duration::ZERO));
        for _ in 0..100 {
            pace.came(50 * MS, SMALL);
        }
        assert_eq!((pace.window(), pace.patience()), (32, 200 * MS));
        pace.refused();
        assert_eq!(pace.window(), 16);
        for _ in 0..20 {
            pace.came(900 * MS, 1);
        }
        assert!(pace.window() < 20, "slower answers are no reason to ask more");
        for _ in 0..9 {
            pace.refused();
        }
        pace.came(50 * MS, 1);
        assert_eq!(pace.window(), 0);
        assert_eq!((Pace::new(4).window(), Pace::new(256).window()), (4, 8));
    }

    #[test]
    fn a_public_mirror_is_asked_at_full_width_unless_it_is_quick_or_refuses() {
        let mut far = Pace::new(32);
        far.open();
        assert_eq!((far.window(), far.is_quick()), (32, false));
        let mut near = Pace::new(32);
        near.came(MS, SMALL + 1);
        near.open();
        assert_eq!((near.window(), near.is_quick()), (8, true));
        let mut large = Pace::new(32);
        large.came(900 * MS, SMALL + 1);
        assert_eq!((large.window(), large.patience()), (8, 1000 * MS));
        let mut refused = Pace::new(32);
        refused.refused();
        refused.open();
        assert_eq!(refused.window(), 4);
    }
}
