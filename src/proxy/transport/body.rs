//! A body that is still arriving, and what becomes of its connection.

use super::conn::Conn;
use super::fault::Fault;
use super::pool::{Key, Pool};
use super::{Class, Failure, Way};
use crate::activity::Pulse;
use bytes::{Bytes, BytesMut};
use flate2::write::MultiGzDecoder;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use std::io::Write as _;
use std::sync::Arc;

/// How many packed bytes are unpacked in one go.
const UNPACKED_AT_ONCE: usize = 4 << 10;

/// A body that is still arriving. Dropping it ends the transfer; its connection is not used again then. A body read
/// to its end gives its connection back.
pub struct Body {
    incoming: Incoming,
    conn: Option<Conn>,
    home: (Arc<Pool>, Key),
    host: String,
    stated: Option<u64>,
    got: u64,
    /// Set where the peer compressed what was not asked to be; Go unpacks it, too.
    gunzip: Option<MultiGzDecoder<Vec<u8>>>,
    /// What came and is not unpacked yet.
    packed: Bytes,
    way: Way,
    pulse: Pulse,
    failed: Option<Fault>,
    /// Its connection takes no other request, even when it is read to its end.
    last: bool,
}

impl Body {
    pub(super) fn new(
        incoming: Incoming,
        conn: Conn,
        home: (Arc<Pool>, Key),
        (host, stated): (String, Option<u64>),
        way: Way,
        pulse: Pulse,
    ) -> Body {
        Body {
            incoming,
            conn: Some(conn),
            home,
            host,
            stated,
            got: 0,
            gunzip: None,
            packed: Bytes::new(),
            way,
            pulse,
            failed: None,
            last: false,
        }
    }

    /// The same body, the last one of its connection.
    pub(super) fn last(mut self) -> Body {
        self.last = true;
        self.let_down();
        self
    }

    /// The same body, unpacked from gzip. Lengths stay those on the wire.
    pub(super) fn gunzip(mut self) -> Body {
        self.gunzip = Some(MultiGzDecoder::new(Vec::new()));
        self
    }

    /// The next piece; `None` at the end. A body shorter than its stated length is an error of class
    /// [`Class::Cut`]; once failed it stays failed. Safe to drop while waiting and to call again.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        if let Some(fault) = &self.failed {
            return Err(fault.clone().on(self.way.clone()));
        }
        if let Some(piece) = self.unpack().map_err(|fault| self.fail(fault))? {
            return Ok(Some(piece));
        }
        while self.conn.is_some() {
            match self.incoming.frame().await {
                Some(Ok(frame)) => {
                    if let Ok(piece) = frame.into_data()
                        && !piece.is_empty()
                    {
                        self.got += piece.len() as u64;
                        self.pulse.bytes(piece.len() as u64);
                        if self.gunzip.is_none() {
                            return Ok(Some(piece));
                        }
                        self.packed = piece;
                        if let Some(piece) = self.unpack().map_err(|fault| self.fail(fault))? {
                            return Ok(Some(piece));
                        }
                    }
                }
                Some(Err(error)) => {
                    return Err(self.fail(Fault::body(&self.host, &error, self.got, self.stated)));
                }
                None => match self.stated {
                    Some(stated) if stated != self.got => {
                        return Err(self.fail(Fault::short(&self.host, self.got, stated)));
                    }
                    _ => {
                        let rest = self.unpack_rest().map_err(|fault| self.fail(fault))?;
                        self.give_back().await;
                        return Ok(Some(rest).filter(|rest| !rest.is_empty()));
                    }
                },
            }
        }
        Ok(None)
    }

    /// What the packed bytes at hand hold, a part of them at a time: a little gzip may unpack to very much.
    fn unpack(&mut self) -> Result<Option<Bytes>, Fault> {
        let Some(gunzip) = &mut self.gunzip else {
            return Ok(None);
        };
        while !self.packed.is_empty() {
            let part = self.packed.split_to(self.packed.len().min(UNPACKED_AT_ONCE));
            if gunzip.write_all(&part).and_then(|()| gunzip.flush()).is_err() {
                return Err(self.garbled());
            }
            if !gunzip.get_ref().is_empty() {
                return Ok(Some(std::mem::take(gunzip.get_mut()).into()));
            }
        }
        Ok(None)
    }

    fn unpack_rest(&mut self) -> Result<Bytes, Fault> {
        let Some(gunzip) = &mut self.gunzip else {
            return Ok(Bytes::new());
        };
        match gunzip.try_finish() {
            Ok(()) => Ok(std::mem::take(gunzip.get_mut()).into()),
            Err(_) => Err(self.garbled()),
        }
    }

    fn garbled(&self) -> Fault {
        let reason = format!("body from {} is no gzip, though it says so", self.host);
        Fault::new(Class::Cut, reason)
    }

    /// The whole body, where it is no longer than `limit` bytes; a longer one is an error of class
    /// [`Class::Protocol`].
    pub async fn read_all(&mut self, limit: usize) -> Result<Bytes, Failure> {
        let mut whole = BytesMut::new();
        while let Some(piece) = self.next().await? {
            if whole.len() + piece.len() > limit {
                let reason = format!("body from {} is longer than {limit} bytes", self.host);
                return Err(self.fail(Fault::new(Class::Protocol, reason)));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }

    fn fail(&mut self, fault: Fault) -> Failure {
        self.let_down();
        self.conn = None;
        self.failed = Some(fault.clone());
        fault.on(self.way.clone())
    }

    /// Notes who sent it: others are to be preferred.
    fn let_down(&self) {
        if let Some(peer) = self.way.peer {
            self.home.0.last_resort.add(peer);
        }
    }

    async fn give_back(&mut self) {
        let Some(mut conn) = self.conn.take().filter(|_| !self.last) else {
            return;
        };
        let (pool, key) = (Arc::clone(&self.home.0), self.home.1.clone());
        if conn.is_h2() {
            return conn.finish();
        }
        // hyper's task has to see the end of the answer, too, before the connection can take another request.
        for _ in 0..3 {
            if conn.usable() || conn.closed() {
                return pool.put(key, conn);
            }
            tokio::task::yield_now().await;
        }
        pool.put_when_ready(key, conn);
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        // An answer without a body, or one whose end just was not asked for, costs no connection.
        if self.incoming.is_end_stream()
            && self.failed.is_none()
            && !self.last
            && let Some(mut conn) = self.conn.take()
        {
            match conn.is_h2() {
                true => conn.finish(),
                false => Arc::clone(&self.home.0).put_when_ready(self.home.1.clone(), conn),
            }
        }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body")
            .field("got", &self.got)
            .field("stated", &self.stated)
            .finish_non_exhaustive()
    }
}
