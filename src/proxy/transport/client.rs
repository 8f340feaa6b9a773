//! A question and its answer: over a pooled or a new connection, through redirects.

use super::address::Address;
use super::basic::basic;
use super::body::Body;
use super::conn::Conn;
use super::connect::{Connector, Journey};
use super::fault::Fault;
use super::pool::{Key, Pool};
use super::{Answer, Class, Failure, Get, Way, redirect};
use crate::activity::Phase;
use crate::secret::Secret;
use crate::world::World;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, Uri, Version};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long a request waits for somebody else's connection, which it might share, before it opens its own.
const FOLLOW: Duration = Duration::from_millis(500);
/// How much of a redirect's body is read to keep its connection; net/http's maxBodySlurpSize.
const SLURP: usize = 2 << 10;
/// How long that is waited for.
const SLURP_TIME: Duration = Duration::from_millis(200);

/// Opens connections and keeps them for the next request. Lives on one current-thread runtime.
#[derive(Debug)]
pub struct Client {
    pub(super) connector: Arc<Connector>,
    pool: Arc<Pool>,
}

impl Client {
    /// A client for these surroundings (proxy variables, SSL_CERT_FILE, SSL_CERT_DIR). Opens and reads nothing yet.
    pub fn new(world: Arc<World>) -> Client {
        let connector = Connector::new(world);
        Client {
            pool: Arc::new(Pool::new(Arc::clone(&connector.resolver.last_resort))),
            connector: Arc::new(connector),
        }
    }

    /// Asks. Redirects are followed as net/http would: at most 10 requests, credentials only to the same host and
    /// those below it, never from https to http. Dropping the future ends the request; its connection is not used
    /// again then. What is posted stays where it was sent: its redirects are answers.
    pub async fn get(&self, get: Get<'_>) -> Result<Answer, Failure> {
        let first = get.address.clone();
        let mut address = get.address.clone();
        let mut trusted = true;
        let mut redirected_to = None;
        let mut made = 0;
        loop {
            let mut answer = self.hop(&get, &address, trusted, &redirected_to).await?;
            if get.post.is_some() {
                return Ok(answer);
            }
            made += 1;
            let location = answer.headers.get("location").map(String::as_str);
            let next = redirect::next(&first, &address, answer.status, location, made)
                .map_err(|fault| fault.on(answer.way.clone()))?;
            let Some(next) = next else { return Ok(answer) };
            // Its outcome does not matter: a body that does not end costs only the connection.
            let _ = tokio::time::timeout(SLURP_TIME, answer.body.read_all(SLURP)).await;
            trusted = trusted && redirect::trusts(&first, &next);
            redirected_to = Some(next.authority()).filter(|to| !to.eq_ignore_ascii_case(&first.authority()));
            address = next;
        }
    }

    /// One request. A reused connection that dies before any byte of an answer is replaced once by a new one, as
    /// net/http does (Transport's shouldRetryRequest).
    async fn hop(
        &self,
        get: &Get<'_>,
        address: &Address,
        trusted: bool,
        redirected_to: &Option<String>,
    ) -> Result<Answer, Failure> {
        let headers = headers(get, address, trusted);
        let mut fresh = get.fresh;
        if fresh {
            self.connector.elsewhere(address);
        }
        loop {
            let start = Instant::now();
            let journey = Journey::new(get.flight.pulse());
            let opened = self.connect(get, address, fresh, &journey).await;
            let mut way = Way {
                redirected_to: redirected_to.clone(),
                ..journey.way()
            };
            let mut conn = match opened {
                Ok(conn) => conn,
                Err(fault) => return Err(fault.on(way)),
            };
            if conn.reused {
                way.times = Default::default();
            }
            way.peer = Some(conn.link.peer);
            way.reused = conn.reused;
            way.protocol = if conn.is_h2() { "HTTP/2" } else { "HTTP/1.1" };
            let request = match request(address, &conn, &headers, get.post.clone()) {
                Ok(request) => request,
                Err(fault) => return Err(fault.on(way)),
            };
            get.flight.phase(Phase::Waiting);
            let before = conn.link.read();
            match conn.send(request).await {
                Ok(response) => {
                    way.times.first_byte = Some(start.elapsed());
                    get.flight.phase(Phase::Body);
                    return Ok(self.answer(get, address, conn, response, way));
                }
                Err(error) => {
                    let silent = conn.is_h2() || conn.link.read() == before;
                    let fault = Fault::request(&address.authority(), &error);
                    if conn.reused && silent && fault.class == Class::Reset {
                        fresh = true;
                        continue;
                    }
                    self.pool.last_resort.add(conn.link.peer);
                    return Err(fault.on(way));
                }
            }
        }
    }

    /// A connection within the bound: a waiting one, one that comes free or is opened by somebody else, or a new one.
    async fn connect(
        &self,
        get: &Get<'_>,
        address: &Address,
        fresh: bool,
        journey: &Journey,
    ) -> Result<Conn, Fault> {
        let key = Key::of(address);
        if fresh {
            return self.dial(&key, address, journey, get.connect_timeout).await;
        }
        if let Some(conn) = self.pool.take(&key) {
            return Ok(conn);
        }
        if address.https {
            journey.phase(Phase::Connecting);
            let _ = tokio::time::timeout(FOLLOW, self.pool.settled(&key)).await;
            if let Some(conn) = self.pool.take(&key) {
                return Ok(conn);
            }
        }
        tokio::select! {
            biased;
            opened = self.dial(&key, address, journey, get.connect_timeout) => opened,
            conn = self.pool.arrival(&key) => {
                journey.leave();
                Ok(conn)
            }
        }
    }

    /// Opens a connection. When nobody waits for it any more, it becomes an idle one (as with net/http's Transport):
    /// what was paid for in round trips serves the next request.
    async fn dial(
        &self,
        key: &Key,
        address: &Address,
        journey: &Journey,
        bound: Duration,
    ) -> Result<Conn, Fault> {
        let (connector, pool) = (Arc::clone(&self.connector), Arc::clone(&self.pool));
        let (key, address, journey) = (key.clone(), address.clone(), journey.clone());
        let (here, there) = oneshot::channel();
        let opening = pool.opening(&key);
        tokio::spawn(async move {
            let left = bound.saturating_sub(journey.elapsed());
            let opened = match tokio::time::timeout(left, connector.open(&address, &journey)).await {
                Ok(opened) => opened,
                Err(_) => {
                    tracing::debug!(upstream = %address.origin(), waited = ?journey.elapsed(), "no connection in time");
                    Err(connector.overdue(&address, &journey.way(), bound))
                }
            };
            if let Ok(conn) = &opened {
                if let Some(shared) = conn.share() {
                    pool.put(key.clone(), shared);
                }
                pool.learn(&key, conn.is_h2());
            }
            drop(opening);
            if let Err(Ok(mut conn)) = here.send(opened) {
                match conn.is_h2() {
                    true => conn.finish(),
                    false => pool.put_when_ready(key, conn),
                }
            }
        });
        let gone = |_| {
            Err(Fault::new(
                Class::Local,
                "the connection's task ended".to_string(),
            ))
        };
        there.await.unwrap_or_else(gone)
    }

    fn answer(
        &self,
        get: &Get<'_>,
        address: &Address,
        conn: Conn,
        response: Response<Incoming>,
        mut way: Way,
    ) -> Answer {
        let (head, incoming) = response.into_parts();
        if head.version == Version::HTTP_10 {
            way.protocol = "HTTP/1.0";
        }
        let mut headers = collapse(&head.headers);
        let status = head.status.as_u16();
        // RFC 9110, 8.6: with these it is not the length of this body.
        let stated = !matches!(status, 204 | 304) && !headers.contains_key("transfer-encoding");
        let mut length = headers
            .get("content-length")
            .filter(|_| stated)
            .and_then(|l| l.trim().parse().ok());
        let mut body = Body::new(
            incoming,
            conn,
            (Arc::clone(&self.pool), Key::of(address)),
            (address.authority(), length),
            way.clone(),
            get.flight.pulse(),
        );
        // net/http's Transport unpacks gzip; a range of a packed file cannot be.
        let packed = headers.get("content-encoding");
        let decoded = status != 206 && packed.is_some_and(|e| e.eq_ignore_ascii_case("gzip"));
        if decoded {
            body = body.gunzip();
            headers.retain(|name, _| name != "content-encoding" && name != "content-length");
            length = None;
        }
        // A balancer keeps a connection with one of its servers, and a name may have several addresses: where one fails,
        // the next attempt should meet another.
        if status >= 500 || status == 429 {
            body = body.last();
        }
        Answer {
            status,
            headers,
            length,
            decoded,
            way,
            body,
        }
    }
}

fn collapse(headers: &HeaderMap) -> BTreeMap<String, String> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_string(), text(value)))
        .collect()
}

/// The headers of one hop: what the caller added, less what the host may not see, and userinfo as Basic auth.
fn headers(get: &Get<'_>, address: &Address, trusted: bool) -> Vec<(String, Secret<String>)> {
    let may = |(name, _): &&(String, Secret<String>)| redirect::may_carry(name, trusted);
    let mut headers: Vec<_> = get.headers.iter().filter(may).cloned().collect();
    let authorized = headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    // cmd/go sends none over http: web/http.go, "refusing to pass credentials to insecure URL".
    if let Some(userinfo) = &address.userinfo
        && address.https
        && !authorized
    {
        let (user, password) = userinfo.expose();
        let value = basic(user, password.as_deref().unwrap_or_default());
        headers.push(("Authorization".into(), value));
    }
    headers
}

fn request(
    address: &Address,
    conn: &Conn,
    headers: &[(String, Secret<String>)],
    post: Option<Bytes>,
) -> Result<Request<Full<Bytes>>, Fault> {
    let bad = |what: &str| Fault::new(Class::Local, format!("{what} for {address} cannot be sent"));
    let absolute = conn.is_h2() || conn.absolute.is_some();
    let target = match absolute {
        true => format!("{}{}", address.origin(), address.target()),
        false => address.target(),
    };
    let method = if post.is_some() { Method::POST } else { Method::GET };
    let mut request = Request::new(Full::new(post.unwrap_or_default()));
    *request.method_mut() = method;
    *request.uri_mut() = Uri::try_from(target).map_err(|_| bad("a request target"))?;
    let map = request.headers_mut();
    let mut add = |name: &str, value: &str, secret: bool| -> Result<(), Fault> {
        let name = HeaderName::try_from(name).map_err(|_| bad("a header name"))?;
        let mut value = HeaderValue::from_str(value).map_err(|_| bad("a header value"))?;
        value.set_sensitive(secret);
        map.append(name, value);
        Ok(())
    };
    if conn.is_h2() {
        add("User-Agent", "Go-http-client/2.0", false)?;
    } else {
        add("Host", &address.authority(), false)?;
        add("User-Agent", "Go-http-client/1.1", false)?;
    }
    // Nothing compressed: lengths and ranges are then those of the file.
    add("Accept-Encoding", "identity", false)?;
    if let Some(Some(value)) = &conn.absolute {
        add("Proxy-Authorization", value, true)?;
    }
    for (name, value) in headers {
        add(name, value.expose(), true)?;
    }
    Ok(request)
}
