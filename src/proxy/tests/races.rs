//! Attempts that run beside a silent one: who goes on, who is waited for, who is given up.

use super::*;
use std::collections::HashSet;
use std::io::Write;
use std::net::TcpStream;
use std::sync::{Arc, Mutex, mpsc};

fn hedging(after: u64) -> Rules {
    Rules {
        hedge_after: Duration::from_millis(after),
        ..Rules::default()
    }
}

/// Something that is waited for until it has happened.
fn event() -> (mpsc::SyncSender<()>, Mutex<mpsc::Receiver<()>>) {
    let (tell, told) = mpsc::sync_channel(1000);
    (tell, Mutex::new(told))
}

/// Writes a zip as a transfer that stops after the first bytes until `told`, and then gets on steadily to its end: a
/// piece each so many milliseconds.
fn stopping(tag: &'static str, told: Arc<Mutex<mpsc::Receiver<()>>>, piece: usize, every: u64) -> Act {
    Act::Written(Box::new(move |stream: &mut TcpStream| {
        let (zip, told) = (zip(), told.lock().unwrap());
        let head = format!(
            "HTTP/1.1 200 OK\r\n{tag}Connection: close\r\nContent-Length: {}\r\n\r\n",
            zip.len()
        );
        let _ = stream.write_all(head.as_bytes());
        let _ = stream.write_all(&zip[..1000]);
        let _ = told.recv();
        let _ = stream.write_all(&zip[1000..150_000]);
        let (_never, pause) = mpsc::channel::<()>();
        for piece in zip[150_000..].chunks(piece) {
            let _ = pause.recv_timeout(Duration::from_millis(every));
            if stream.write_all(piece).is_err() {
                return;
            }
        }
    }))
}

/// A transfer as by [`stopping`], which gets on when a second attempt comes that is answered so, arrives whole.
fn arrives(
    rules: Rules,
    stopping: impl Fn(Arc<Mutex<mpsc::Receiver<()>>>) -> Act + Send + Sync + 'static,
    second: fn() -> Act,
) {
    let (tell, told) = event();
    let told = Arc::new(told);
    let a = Upstream::start(move |_, before| match before {
        0 => stopping(Arc::clone(&told)),
        _ => {
            let _ = tell.send(());
            second()
        }
    });
    let proxy = start_with(&a.url(), rules);
    let seen = proxy.get(0, ZIP);
    assert_eq!((seen.status, seen.body == zip()), (200, true));
}

#[test]
fn a_transfer_that_gets_on_again_is_not_dropped_for_one_that_is_silent() {
    let first = |told| stopping("ETag: \"one\"\r\n", told, 15_000, 50);
    arrives(hedging(200), first, || Act::Silence);
}

#[test]
fn a_transfer_that_gets_on_again_is_not_given_up_with_what_fails_beside_it() {
    let first = |told| stopping("", told, 3_500, 40);
    arrives(hedging(300), first, || Act::Answer(503, "", Vec::new()));
}

#[test]
fn the_last_one_is_asked_anew_whatever_those_before_it_say() {
    for status in [302, 404] {
        let a = Upstream::start(move |_, before| match (status, before) {
            (404, 0 | 1) => Act::Close,
            (404, _) => Act::Answer(404, "", b"none".to_vec()),
            _ => Act::Answer(302, "Location: /again\r\n", Vec::new()),
        });
        let b = Upstream::start(|_, before| match before {
            0 => Act::Silence,
            _ => Act::Answer(200, "", JSON.into()),
        });
        let rules = Rules {
            public: vec![a.host()],
            ..hedging(100)
        };
        let proxy = start_with(&format!("{},{}", a.url(), b.url()), rules);
        let seen = proxy.get(0, INFO);
        // Its word is told, and go asks the next one itself.
        let wanted = if status == 404 { 404 } else { 200 };
        assert_eq!(seen.status, wanted, "{:?} {:?}", a.asked(), b.asked());
    }
}

#[test]
fn a_second_attempt_that_outlives_the_first_is_joined_too() {
    let (tell, told) = event();
    let a = Upstream::start(move |_, before| match before {
        0 => {
            let _ = told.lock().unwrap().recv();
            Act::Close
        }
        1 => {
            let _ = tell.send(());
            Act::Silence
        }
        _ => Act::Answer(200, "", JSON.into()),
    });
    let proxy = start_with(&a.url(), hedging(100));
    assert_eq!(proxy.get(0, INFO).text(), JSON, "{:?}", a.asked());
}

/// Patience is for a server that takes its time. One that fails whatever else it is asked is given up with the others,
/// also what there was no budget left to ask again for.
#[test]
fn what_is_silent_is_given_up_when_all_else_has_failed() {
    let seen = Mutex::new(HashSet::new());
    let a = Upstream::start(
        move |path, _| match seen.lock().unwrap().insert(path.to_owned()) {
            true => Act::Silence,
            false => Act::Answer(503, "", b"no".to_vec()),
        },
    );
    let proxy = start_with(&a.url(), hedging(100));
    let ask = |n: usize| get(&proxy.bases[0], &format!("m.io/a{n}/@v/v1.0.0.info"));
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..30).map(|n| scope.spawn(move || ask(n))).collect();
        for one in all {
            let seen = one.join().unwrap();
            assert!(seen.status >= 500, "{}", seen.text());
        }
    });
}
