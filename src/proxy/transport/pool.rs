//! Connections that wait for the next request, and h2 connections that are shared by many.

use super::address::Address;
use super::conn::Conn;
use super::last_resort::LastResort;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How long an idle connection is kept; net/http's IdleConnTimeout.
const IDLE: Duration = Duration::from_secs(90);
/// How many idle http/1.1 connections to one host are kept.
const IDLE_PER_HOST: usize = 32;

/// Connections to the same key serve the same requests; the proxy follows from it, as the environment is fixed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    https: bool,
    host: String,
    port: u16,
}

impl Key {
    /// The key of an address.
    pub fn of(address: &Address) -> Key {
        Key {
            https: address.https,
            host: address.host.to_ascii_lowercase(),
            port: address.port,
        }
    }
}

#[derive(Default)]
struct Slot {
    /// Idle http/1.1 connections, the longest idle first.
    idle: Vec<(Instant, Conn)>,
    /// The h2 connection that takes new streams, and when it was last used.
    shared: Option<(Instant, Conn)>,
    /// How many connections are being opened.
    opening: usize,
    /// The host has chosen http/1.1 before: waiting for somebody else's connection is of no use.
    alone: bool,
}

/// The connections of a client.
#[derive(Default)]
pub struct Pool {
    slots: Mutex<HashMap<Key, Slot>>,
    changed: Notify,
    /// Addresses that let a request down.
    pub last_resort: Arc<LastResort>,
}

impl Pool {
    /// Without any connection.
    pub fn new(last_resort: Arc<LastResort>) -> Pool {
        Pool {
            last_resort,
            ..Pool::default()
        }
    }

    /// A connection that can take a request now.
    pub fn take(&self, key: &Key) -> Option<Conn> {
        let mut slots = self.slots();
        let slot = slots.get_mut(key)?;
        let now = Instant::now();
        let fresh = |since: Instant| now.duration_since(since) < IDLE;
        if let Some((since, shared)) = &mut slot.shared {
            let alone = Arc::strong_count(&shared.link) == 1;
            if shared.link.retired() || (alone && !fresh(*since)) || shared.closed() {
                slot.shared = None;
            } else if shared.usable() {
                *since = now;
                return shared.share();
            }
        }
        slot.idle.retain(|(since, conn)| fresh(*since) && conn.usable());
        let (_, mut conn) = slot.idle.pop()?;
        conn.reused = true;
        Some(conn)
    }

    /// Takes an http/1.1 connection back whose answer was read to its end, or shares a new h2 connection.
    pub fn put(&self, key: Key, conn: Conn) {
        let now = Instant::now();
        let mut slots = self.slots();
        let slot = slots.entry(key).or_default();
        if conn.is_h2() {
            slot.shared = Some((now, conn));
        } else if conn.usable() {
            if slot.idle.len() == IDLE_PER_HOST {
                slot.idle.remove(0);
            }
            slot.idle.push((now, conn));
        }
        drop(slots);
        self.changed.notify_waiters();
    }

    /// Takes an http/1.1 connection back as soon as it can take a request.
    pub fn put_when_ready(self: Arc<Self>, key: Key, mut conn: Conn) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if conn.ready().await.is_ok() {
                    self.put(key, conn);
                }
            });
        }
    }

    /// Notes that a connection is being opened, until the guard is dropped.
    pub fn opening(self: &Arc<Self>, key: &Key) -> Opening {
        self.slots().entry(key.clone()).or_default().opening += 1;
        Opening {
            pool: Arc::clone(self),
            key: key.clone(),
        }
    }

    /// Notes what the host chose by ALPN.
    pub fn learn(&self, key: &Key, h2: bool) {
        self.slots().entry(key.clone()).or_default().alone = !h2;
        self.changed.notify_waiters();
    }

    /// Waits while somebody else opens a connection that may turn out to be h2, and so may be shared.
    pub async fn settled(&self, key: &Key) {
        let open = |slot: &Slot| slot.opening == 0 || slot.alone || slot.shared.is_some();
        self.until(|| self.slots().get(key).is_none_or(open).then_some(()))
            .await;
    }

    /// Waits for a connection that can take a request.
    pub async fn arrival(&self, key: &Key) -> Conn {
        self.until(|| self.take(key)).await
    }

    async fn until<T>(&self, check: impl Fn() -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(found) = check() {
                return found;
            }
            changed.await;
        }
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<Key, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection is being opened while this lives.
pub struct Opening {
    pool: Arc<Pool>,
    key: Key,
}

impl Drop for Opening {
    fn drop(&mut self) {
        if let Some(slot) = self.pool.slots().get_mut(&self.key) {
            slot.opening -= 1;
        }
        self.pool.changed.notify_waiters();
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}
