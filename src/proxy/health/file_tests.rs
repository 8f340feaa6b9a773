use super::super::breaker::State;
use super::*;
use std::os::unix::fs::PermissionsExt;

const A: &str = "https://a.example";
const B: &str = "https://b.example:8443";

fn now() -> Moment {
    Moment::present()
}

fn later(now: Moment, seconds: u64) -> Moment {
    let by = Duration::from_secs(seconds);
    Moment {
        wall: now.wall + by,
        here: now.here + by,
    }
}

fn broken(failures: u32, now: Moment) -> Breaker {
    let mut breaker = Breaker::default();
    for _ in 0..failures {
        breaker.failed(false, now.here);
    }
    breaker
}

fn put(dir: &Path, origin: &str, breaker: Breaker, now: Moment) {
    assert_eq!(save(dir, &[(origin.into(), breaker)], now), Saved::Done);
}

#[test]
fn what_one_run_learns_the_next_one_knows() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("state/gosteady");
    let start = now();
    assert_eq!(read(&dir, start), Content::default());
    put(&dir, A, broken(3, start), start);
    put(&dir, B, broken(1, start), start);
    let state = |origin, at: Moment| {
        read(&dir, at)
            .breaker(origin, at)
            .map(|b| (b.failures, b.state(at.here)))
    };
    assert_eq!(state(A, start), Some((3, State::Open)));
    assert_eq!(state(B, start), Some((1, State::Closed)));
    assert_eq!(state(A, later(start, 29)), Some((3, State::Open)));
    assert_eq!(state(A, later(start, 31)), Some((3, State::Due)));
    assert_eq!(state(A, later(start, 600)), Some((3, State::Due)));
    assert_eq!(state(A, later(start, 602)), None, "long ago");
    // Another run's probe counts for all.
    let mut probed = broken(3, start);
    probed.probed(later(start, 40).here);
    put(&dir, A, probed, later(start, 40));
    assert_eq!(state(A, later(start, 50)), Some((3, State::Open)));
    put(&dir, A, Breaker::default(), later(start, 60));
    assert_eq!(state(A, later(start, 60)), None, "well again");
    assert_eq!(state(B, later(start, 60)), Some((1, State::Closed)));
    let mode = dir.join(NAME).metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(dir.metadata().unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_clock_that_jumps_makes_nothing_worse() {
    let dir = tempfile::tempdir().unwrap();
    let start = now();
    put(dir.path(), A, broken(3, start), start);
    // Back: what is from the future does not count, and is gone with the next writing.
    let day = Duration::from_secs(86400);
    let back = Moment {
        wall: start.wall - day,
        here: start.here,
    };
    assert_eq!(read(dir.path(), back).breaker(A, back), None);
    put(dir.path(), B, broken(3, back), back);
    assert_eq!(content(dir.path()).unwrap().upstreams.len(), 1);
    // Forward: it is old.
    let forward = Moment {
        wall: start.wall + day,
        here: start.here,
    };
    assert!(read(dir.path(), forward).upstreams.is_empty());
    // A clock before 1970, and a machine that has just been started.
    let odd = Moment {
        wall: SystemTime::UNIX_EPOCH - day,
        here: start.here,
    };
    put(dir.path(), A, broken(3, odd), odd);
    assert!(read(dir.path(), odd).breaker(A, odd).is_some());
}

#[test]
fn what_is_not_ours_or_not_whole_is_ignored() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(NAME);
    let start = now();
    let s = start.seconds();
    let whole =
        format!("{{\"schema\":1,\"upstreams\":{{\"{A}\":{{\"failures\":3,\"failed\":{s},\"probe\":{s}}}}}}}");
    let entry = |text: &str| format!("{{\"schema\":1,\"upstreams\":{{\"{A}\":{text}}}}}");
    for (text, known) in [
        (whole.clone(), true),
        (whole[..whole.len() - 4].to_owned(), false),
        (String::new(), false),
        ("null".into(), false),
        ("[]".into(), false),
        (whole.replace("schema\":1", "schema\":2"), false),
        (entry("{\"failures\":-1,\"failed\":1}"), false),
        (entry("{\"failures\":3}"), false),
        (entry("{\"failures\":3,\"failed\":18446744073709551615}"), false),
        (entry(&format!("{{\"failures\":3,\"failed\":{s}}}")), true),
        (
            entry(&format!(
                "{{\"failures\":3,\"failed\":{s},\"probe\":18446744073709551615}}"
            )),
            true,
        ),
        ("x".repeat(1 << 20), false),
        (format!("{whole}{}", " ".repeat(1 << 20)), false),
    ] {
        std::fs::write(&file, &text).unwrap();
        let breaker = read(dir.path(), start).breaker(A, start);
        assert_eq!(breaker.is_some(), known, "{:.80}", text);
        // No entry keeps an upstream away for longer than a rest.
        assert!(breaker.is_none_or(|b| b.state(later(start, 31).here) != State::Open));
        put(dir.path(), B, broken(3, start), start);
        assert!(
            read(dir.path(), start).breaker(B, start).is_some(),
            "mended: {text:.80}"
        );
    }
    std::fs::write(&file, &whole).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o666)).unwrap();
    assert_eq!(
        read(dir.path(), start),
        Content::default(),
        "anybody could write it"
    );
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
    assert_eq!(read(dir.path(), start), Content::default(), "a link");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert_eq!(read(dir.path(), start), Content::default(), "a directory");
    put(dir.path(), A, broken(3, start), start);
    // Below a file no directory can be.
    let nowhere = dir.path().join(LOCK).join("state");
    put(&nowhere, A, broken(3, start), start);
}

#[test]
fn a_lock_that_is_held_is_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let start = now();
    put(dir.path(), A, broken(3, start), start);
    let lock = std::fs::File::open(dir.path().join(LOCK)).unwrap();
    lock.lock().unwrap();
    let news = [(B.to_owned(), broken(3, start))];
    assert_eq!(save(dir.path(), &news, start), Saved::Busy);
    drop(lock);
    assert_eq!(save(dir.path(), &news, start), Saved::Done);
}

#[test]
fn many_writers_leave_a_whole_file() {
    let dir = tempfile::tempdir().unwrap();
    let start = now();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let dir = dir.path();
            scope.spawn(move || {
                let news = [(format!("https://h{n}.example"), broken(3, start))];
                while save(dir, &news, start) == Saved::Busy {
                    std::thread::yield_now();
                }
            });
        }
    });
    let content = read(dir.path(), start);
    assert_eq!(content.upstreams.len(), 8);
    let left: Vec<_> = dir.path().read_dir().unwrap().flatten().collect();
    assert_eq!(left.len(), 2, "{left:?}");
}
