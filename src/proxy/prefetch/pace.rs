//! How many requests ahead of go's own run at once. Pure.

use std::time::Duration;

const MOST: f64 = 32.0;
const START: f64 = 8.0;

/// A window that grows while the upstream is healthy and is halved when it says it is not.
#[derive(Debug, Clone)]
pub struct Pace {
    window: f64,
    most: f64,
    quickest: Option<Duration>,
    recent: Option<Duration>,
}

impl Pace {
    /// For a public mirror the full width at once, for any other the start of it; never above `most`.
    pub fn new(public: bool, most: usize) -> Pace {
        let most = MOST.min(most as f64);
        Pace {
            window: if public { most } else { START.min(most) },
            most,
            quickest: None,
            recent: None,
        }
    }

    /// Requests that may run at once; 0 ends it for the run.
    pub fn window(&self) -> usize {
        self.window as usize
    }

    /// A small file came after so long: two more may run, unless answers are getting slower.
    pub fn came(&mut self, after: Duration) {
        let quickest = self.quickest.map_or(after, |q| q.min(after));
        let recent = self.recent.map_or(after, |r| (r * 3 + after) / 4);
        (self.quickest, self.recent) = (Some(quickest), Some(recent));
        if self.window >= 1.0 && recent <= quickest * 3 + Duration::from_millis(20) {
            self.window = (self.window + 2.0).min(self.most);
        }
    }

    /// How long a file may be waited for that comes with another one, before it is asked for by itself: what two
    /// small files take. While nothing has come nobody knows whether anything will, and it is asked for at once.
    pub fn patience(&self) -> Duration {
        self.recent
            .map_or(Duration::ZERO, |recent| recent * 2 + Duration::from_millis(100))
    }

    /// The upstream answered 429 or 503, to whatever request.
    pub fn refused(&mut self) {
        self.window = (self.window / 2.0).floor();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_while_healthy_and_ends_when_refused() {
        let ms = Duration::from_millis;
        let mut pace = Pace::new(false, 32);
        assert_eq!((pace.window(), pace.patience()), (8, Duration::ZERO));
        for _ in 0..100 {
            pace.came(ms(50));
        }
        assert_eq!((pace.window(), pace.patience()), (32, ms(200)));
        pace.refused();
        assert_eq!(pace.window(), 16);
        for _ in 0..20 {
            pace.came(ms(900));
        }
        assert!(pace.window() < 20, "slower answers are no reason to ask more");
        for _ in 0..9 {
            pace.refused();
        }
        pace.came(ms(50));
        assert_eq!(pace.window(), 0);
        assert_eq!(Pace::new(true, 32).window(), 32);
        assert_eq!(Pace::new(true, 4).window(), 4);
        assert_eq!(Pace::new(false, 256).window(), 8);
    }
}
