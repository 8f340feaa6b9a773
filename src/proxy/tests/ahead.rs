//! What is asked ahead of go, in bad times.

use super::prefetch::{Infos, Need};
use super::*;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A project that needs one module, `m.io/a`, and all of it.
fn project(dir: &std::path::Path) -> Rules {
    std::fs::write(
        dir.join("go.mod"),
        "module m.io/m\n\ngo 1.21\n\nrequire m.io/a v1.0.0\n",
    )
    .unwrap();
    let sum = dir.join("go.sum");
    std::fs::write(&sum, "m.io/a v1.0.0 h1:x=\nm.io/a v1.0.0/go.mod h1:x=\n").unwrap();
    Rules {
        hedge_after: Duration::from_millis(50),
        retry_for: Duration::from_secs(60),
        sums: vec![sum],
        prefetch: Some(Sources {
            need: Need {
                graph: true,
                modules: true,
                packages: None,
                infos: Infos::None,
            },
            dir: dir.into(),
            module: Some(dir.join("go.mod")),
            work: None,
            modcache: dir.join("mod"),
        }),
        ..Rules::default()
    }
}

/// What was asked during an outage may never be answered. It would keep its turn from others for the rest of the run.
#[test]
fn what_is_silent_since_an_outage_is_asked_for_again() {
    let (zips, others) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let a = Upstream::start(move |path, _| match path.ends_with(".zip") {
        true if zips.fetch_add(1, Relaxed) == 0 => Act::Silence,
        true => Act::Answer(404, "", "gone".into()),
        false if others.fetch_add(1, Relaxed) < 4 => Act::Answer(503, "", "no".into()),
        false => Act::Answer(200, "", JSON.into()),
    });
    let zips = || a.asked().iter().filter(|path| path.ends_with(".zip")).count();
    let dir = tempfile::tempdir().unwrap();
    let proxy = start_with(&a.url(), project(dir.path()));
    let get = || proxy.get(0, "m.io/b/@v/v1.0.0.info").status;
    assert_eq!(get(), 200);
    let mut gets = 0;
    while zips() < 2 {
        assert_eq!(get(), 200);
        gets += 1;
        assert!(gets < 100_000, "{:?}", zips());
    }
}
