//! Addresses that let a request down: others of the same name are tried before them.
//!
//! A name may have several addresses of which one is broken in a way that connecting does not show: it is silent, fails
//! with an HTTP status, or cuts what it sends. The first address to answer would be that one again and again.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

/// So many are remembered.
const MOST: usize = 64;

/// Those of this run, the latest last.
#[derive(Debug, Default)]
pub struct LastResort(Mutex<Vec<SocketAddr>>);

impl LastResort {
    /// Notes one.
    pub fn add(&self, peer: SocketAddr) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|other| *other != peer);
        if known.len() == MOST {
            known.remove(0);
        }
        known.push(peer);
    }

    /// Moves them to the end, the latest last; the others keep their order.
    pub fn sort(&self, addresses: &mut [SocketAddr]) {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if addresses.len() > 1 && !known.is_empty() {
            addresses.sort_by_key(|address| known.iter().position(|other| other == address));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_comes_last() {
        let at = |n: u8| SocketAddr::from(([10, 0, 0, n], 443));
        let last_resort = LastResort::default();
        let order = || {
            let mut addresses = [at(1), at(2), at(3), at(4)];
            last_resort.sort(&mut addresses);
            addresses
        };
        assert_eq!(order(), [at(1), at(2), at(3), at(4)]);
        last_resort.add(at(1));
        last_resort.add(at(3));
        assert_eq!(order(), [at(2), at(4), at(1), at(3)]);
        last_resort.add(at(1));
        assert_eq!(order(), [at(2), at(4), at(3), at(1)]);
        (5..=255).for_each(|n| last_resort.add(at(n)));
        assert_eq!(order(), [at(1), at(2), at(3), at(4)]);
    }
}
