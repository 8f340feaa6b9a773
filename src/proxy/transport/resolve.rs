//! Names to addresses: getaddrinfo on a blocking thread, remembered for a while within the run.

use super::last_resort::LastResort;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;

/// How long an answer is used again.
const KEPT: Duration = Duration::from_secs(60);

/// The error of a lookup that succeeded and told no address.
pub const NO_ADDRESS: &str = "no such host";

type Answer = Arc<OnceCell<Vec<SocketAddr>>>;

/// Looks up names; concurrent callers share one lookup, failures are not remembered.
#[derive(Debug, Default)]
pub struct Resolver {
    known: Mutex<HashMap<(String, u16), (Instant, Answer)>>,
    /// Addresses that let somebody down in this run.
    pub last_resort: Arc<LastResort>,
}

impl Resolver {
    /// The addresses of a host in the order to try them: families alternate, the system's first choice first
    /// (RFC 8305, section 4); those of last resort come last.
    pub async fn lookup(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        let answer = self.slot(host, port);
        let found = answer.get_or_try_init(|| async {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
            match found.is_empty() {
                true => Err(io::Error::other(NO_ADDRESS)),
                false => Ok(interleave(found)),
            }
        });
        let mut found = found.await.cloned()?;
        self.last_resort.sort(&mut found);
        Ok(found)
    }

    /// Forgets a host whose addresses did not work.
    pub fn forget(&self, host: &str, port: u16) {
        self.known().remove(&(host.to_string(), port));
    }

    /// What a lookup of this host is told.
    #[cfg(test)]
    pub fn teach(&self, host: &str, port: u16, addresses: Vec<SocketAddr>) {
        let answer = Arc::new(OnceCell::new_with(Some(addresses)));
        let known = (host.to_string(), port);
        self.known().insert(known, (Instant::now(), answer));
    }

    fn slot(&self, host: &str, port: u16) -> Answer {
        let now = Instant::now();
        let mut known = self.known();
        let slot = known
            .entry((host.to_string(), port))
            .or_insert_with(|| (now, Answer::default()));
        if now.duration_since(slot.0) > KEPT {
            *slot = (now, Answer::default());
        }
        Arc::clone(&slot.1)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<(String, u16), (Instant, Answer)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn interleave(found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = found.first().is_some_and(SocketAddr::is_ipv6);
    let total = found.len();
    let (first, other): (Vec<_>, Vec<_>) = found.into_iter().partition(|a| a.is_ipv6() == first_is_v6);
    let (mut first, mut other) = (first.into_iter(), other.into_iter());
    let mut order = Vec::with_capacity(total);
    while order.len() < total {
        order.extend(first.next());
        order.extend(other.next());
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_alternate() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        let (a, b, c) = (at("[::1]:1"), at("[::2]:1"), at("[::3]:1"));
        let (x, y) = (at("10.0.0.1:1"), at("10.0.0.2:1"));
        assert_eq!(interleave(vec![a, b, c, x]), [a, x, b, c]);
        assert_eq!(interleave(vec![x, y, a]), [x, a, y]);
        assert_eq!(interleave(vec![]), []);
    }

    #[tokio::test]
    async fn a_name_is_looked_up_once_until_forgotten() {
        let resolver = Resolver::default();
        let found = resolver.lookup("localhost", 7).await.unwrap();
        assert!(found.iter().all(|a| a.ip().is_loopback() && a.port() == 7));
        let slot = resolver.slot("localhost", 7);
        assert!(slot.initialized());
        resolver.forget("localhost", 7);
        assert!(!resolver.slot("localhost", 7).initialized());
        assert_eq!(resolver.lookup("::1", 7).await.unwrap().len(), 1);
    }
}
