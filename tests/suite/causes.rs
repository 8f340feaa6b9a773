//! scratch
use crate::support::{Sandbox, real_go};
use gosteady::drill::{Fault, Kind, Server, Store};

#[test]
fn show_all() {
    let real = real_go("x").unwrap();
    let store = Store::synthetic(3, 2);
    let blocked = Server::start(Store::default(), Fault::status(403)).unwrap();
    for (name, fault) in [
        ("silent", Fault::AcceptSilent),
        ("blackhole", Fault::ConnectBlackhole),
        ("refused", Fault::Refused),
        ("nohost", Fault::NoSuchHost),
        ("502", Fault::status(502)),
        ("429", Fault::status(429)),
        ("401", Fault::status(401)),
        ("403", Fault::status(403)),
        ("404", Fault::status(404)),
        ("451", Fault::status(451)),
        ("reset", Fault::Reset { after: 0 }),
        ("truncate", Fault::Truncate),
        ("redirloop", Fault::RedirectLoop),
        ("redirblocked", Fault::RedirectTo(blocked.url())),
        ("portal", Fault::CaptivePortal),
        ("garblezip", Fault::Garble.only(Kind::Zip)),
        ("stallbody", Fault::StallMidBody),
    ] {
        let second = Server::start(store.clone(), Fault::Good).unwrap();
        let server = Server::start(store.clone(), fault).unwrap();
        for comma in [false, true] {
            let mut sandbox = Sandbox::with(&real, &store);
            sandbox.hurry();
            sandbox.set(
                "GOPROXY",
                if comma {
                    format!("{},{}", server.url(), second.url())
                } else {
                    server.url()
                },
            );
            let g = sandbox.go(&["mod", "download"]);
            println!("=== {name} comma={comma} status {:?}\n{}", g.status, g.err());
        }
    }
    // two public
    let a = Server::start(store.clone(), Fault::status(503)).unwrap();
    let b = Server::start(store.clone(), Fault::AcceptSilent).unwrap();
    let c = Server::start(store.clone(), Fault::Refused).unwrap();
    let mut sandbox = Sandbox::with(&real, &store);
    sandbox.hurry();
    sandbox.set("GOSTEADY_FAILOVER", "always");
    sandbox.set("GOPROXY", format!("{},{},{}", a.url(), b.url(), c.url()));
    let g = sandbox.go(&["mod", "download"]);
    println!("=== three always status {:?}\n{}", g.status, g.err());
    let g = sandbox.go(&["build", "."]);
    println!("=== three always build status {:?}\n{}", g.status, g.err());
    let g = sandbox.go(&["run", "."]);
    println!("=== three always run status {:?}\n{}", g.status, g.err());
    let g = sandbox.gosteady(&["trace", "show"]);
    println!("=== show\n{}", g.out());
}
