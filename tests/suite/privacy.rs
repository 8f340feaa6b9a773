//! Who is told what: each server writes down what it was asked, by plain go and through the shim.

use crate::support::{Sandbox, full, real_go};
use gosteady::drill::{Fault, Server, Store};
use std::collections::BTreeSet;

const MODULES: usize = 6;
const SEED: u64 = 41;

/// Numbers that a seed gives (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    fn one_of<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// The module paths that a server was told.
fn told(server: &Server, from: usize) -> BTreeSet<String> {
    let asked = server.requests().split_off(from);
    let module = |path: &String| {
        path.split("/@")
            .next()
            .map(|m| m.trim_start_matches('/').to_owned())
    };
    asked.iter().filter_map(|r| module(&r.path)).collect()
}

/// A store of some of the modules.
fn some(store: &Store, mask: usize) -> Store {
    let mut files = std::collections::BTreeMap::new();
    for (n, module) in store.modules().iter().enumerate() {
        if mask & (1 << n) == 0 {
            continue;
        }
        let escaped = module.path.replace('U', "!u");
        for file in ["@v/v1.0.0.info", "@v/v1.0.0.mod", "@v/v1.0.0.zip", "@v/list"] {
            let path = format!("{escaped}/{file}");
            files.extend(store.get(&path).map(|body| (path.clone(), body.to_vec())));
        }
    }
    Store::of(files)
}

/// Lists, patterns and replacements by chance: where go succeeds, the shim tells each server the modules that go tells
/// it, and no other. The gaps in what the servers have lead from one to the next, as only a 404 may.
#[test]
fn nobody_is_told_more_than_go_tells() {
    let test = "nobody_is_told_more_than_go_tells";
    let Some(real) = real_go(test) else { return };
    let store = Store::synthetic(SEED, MODULES);
    let all = (1 << MODULES) - 1;
    let patterns = [
        "",
        "none",
        "example.com/m00",
        "example.com/m0[0-2]",
        "*/m03,example.com/Upper",
        "example.com/m01/",
        "bad[,example.com/m02",
        "other.test",
        " example.com/m00",
    ];
    let (mut dice, mut compared) = (Dice(SEED), 0);
    for round in 0..if full() { 300 } else { 24 } {
        let gap = dice.below(all + 1);
        let servers = [all & !gap, all, all]
            .map(|mask| Server::start(some(&store, mask), Fault::Good).expect("a server"));
        let separators = [dice.one_of(&[",", "|"]), dice.one_of(&[",", "|"])];
        let list = match dice.below(5) {
            0 => format!("file:///nonexistent,{}", servers[1].url()),
            1 => format!("{}{}off", servers[1].url(), separators[0]),
            2 => format!(
                "{}{}direct{}{}",
                servers[1].url(),
                separators[0],
                separators[1],
                servers[2].url()
            ),
            _ => {
                let urls = servers.each_ref().map(Server::url);
                format!(
                    "{}{}{}{}{}",
                    urls[0], separators[0], urls[1], separators[1], urls[2]
                )
            }
        };
        let mut sandbox = Sandbox::with(&real, &store);
        sandbox.set("GOPROXY", &list);
        // go itself finds nobody there to ask.
        sandbox
            .set("HTTPS_PROXY", "http://127.0.0.1:9")
            .set("GOVCS", "*:off");
        let mut set = Vec::new();
        for name in ["GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE"] {
            if dice.below(3) == 0 {
                let pattern = dice.one_of(&patterns);
                sandbox.set(name, pattern);
                set.push(format!("{name}={pattern}"));
            }
        }
        sandbox.set("GOSTEADY_FAILOVER", dice.one_of(&["safe", "go"]));
        let replaced = dice.below(MODULES);
        if dice.below(2) == 0 {
            let path = sandbox.project().join("go.mod");
            let text = std::fs::read_to_string(&path).expect("go.mod");
            let module = &store.modules()[replaced].path;
            std::fs::write(&path, format!("{text}\nreplace {module} => ./local\n")).expect("go.mod");
            let local = sandbox.project().join("local");
            std::fs::create_dir(&local).expect("a directory");
            std::fs::write(local.join("go.mod"), format!("module {module}\n\ngo 1.21\n")).expect("go.mod");
            set.push(format!("{module} is replaced"));
        }
        let command: &[&str] = match dice.below(4) {
            0 => &["mod", "graph"],
            1 => &["list", "-m", "all"],
            _ => &["mod", "download"],
        };
        let plain = sandbox.plain(command);
        let so_far = servers.each_ref().map(|s| s.requests().len());
        let by_go: Vec<_> = servers.iter().map(|s| told(s, 0)).collect();
        std::fs::remove_dir_all(sandbox.modcache()).expect("the cache");
        let guarded = sandbox.go(command);
        let case = format!("seed {SEED}, round {round}: {command:?} with {list} {set:?}, gap {gap:b}");
        assert_eq!(guarded.status, plain.status, "{case}: {}", guarded.err());
        if plain.status == Some(0) {
            compared += 1;
            assert_eq!(guarded.out(), plain.out(), "{case}");
            for ((server, by_go), so_far) in servers.iter().zip(&by_go).zip(so_far) {
                let more: Vec<_> = told(server, so_far).difference(by_go).cloned().collect();
                assert!(more.is_empty(), "{case}: {} was told of {more:?}", server.url());
            }
        }
    }
    assert!(compared >= 8, "go succeeded only {compared} times");
}
