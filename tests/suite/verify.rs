//! A mirror that does not send what go.sum says, in front of the real go.

use crate::support::{Sandbox, real_go};
use gosteady::drill::{Fault, Server, Store};

/// Two makings of the same module names, and a sandbox with the go.mod and go.sum of the first.
fn two(test: &str, modules: usize) -> Option<(Store, Store, Sandbox)> {
    let real = real_go(test)?;
    let (right, other) = (Store::synthetic(1, modules), Store::synthetic(2, modules));
    let mut sandbox = Sandbox::with(&real, &right);
    sandbox.hurry();
    Some((right, other, sandbox))
}

fn server(store: &Store) -> Server {
    Server::start(store.clone(), Fault::Good).expect("a server")
}

#[test]
fn a_lone_liar_is_reported_in_gos_own_words() {
    let Some((_, other, mut sandbox)) = two("a_lone_liar_is_reported_in_gos_own_words", 1) else {
        return;
    };
    let liar = server(&other);
    sandbox.set("GOPROXY", liar.url());
    let plain = sandbox.plain(&["mod", "download"]);
    let guarded = sandbox.go(&["mod", "download"]);
    plain.expect(1);
    guarded.expect(1);
    let err = guarded.err();
    let (ours, gos): (Vec<&str>, Vec<&str>) = err.lines().partition(|l| l.starts_with("gosteady: "));
    assert_eq!(gos.join("\n"), plain.err().trim_end());
    assert!(plain.err().contains("SECURITY ERROR"), "{}", plain.err());
    let told = ours
        .iter()
        .any(|l| l.contains(&liar.url()) && l.contains("does not match go.sum"));
    assert!(told, "{ours:?}");
}

#[test]
fn past_a_liar_everything_arrives() {
    let test = "past_a_liar_everything_arrives";
    let Some((right, other, mut sandbox)) = two(test, 12) else {
        return;
    };
    let (liar, honest) = (server(&other), server(&right));
    sandbox.set("GOPROXY", format!("{},{}", liar.url(), honest.url()));
    sandbox.set("GOSTEADY_FAILOVER", "always");
    let ended = sandbox.go(&["mod", "download", "-json"]);
    ended.expect(0);
    assert_eq!(sandbox.zips(), 12, "{}", ended.err());
    assert!(ended.err().contains(&liar.url()), "{}", ended.err());
    // go's own hashes are those that we compare with.
    for module in right.modules() {
        for (name, hash) in [("Sum", &module.sum), ("GoModSum", &module.mod_sum)] {
            assert!(
                ended.out().contains(&format!("\"{name}\": \"{hash}\"")),
                "{}",
                ended.out()
            );
        }
    }
    sandbox.plain(&["mod", "verify"]).expect(0);
}

/// A `|` is the user's leave to go on, so nothing stands in the way of what go would not do by itself.
#[test]
fn before_a_bar_a_liar_is_an_error_that_go_walks_past() {
    let test = "before_a_bar_a_liar_is_an_error_that_go_walks_past";
    let Some((right, other, mut sandbox)) = two(test, 4) else {
        return;
    };
    let (liar, honest) = (server(&other), server(&right));
    sandbox.set("GOPROXY", format!("{}|{}", liar.url(), honest.url()));
    let ended = sandbox.go(&["mod", "download"]);
    ended.expect(0);
    assert_eq!(sandbox.zips(), 4, "{}", ended.err());
}

/// The sums that count: a workspace's and its members', and those beside -modfile.
#[test]
fn the_go_sum_that_go_would_use() {
    let test = "the_go_sum_that_go_would_use";
    for case in ["workspace", "go.work.sum", "modfile", "GOFLAGS"] {
        let Some((right, other, mut sandbox)) = two(test, 4) else {
            return;
        };
        let (liar, honest) = (server(&other), server(&right));
        sandbox.set("GOPROXY", format!("{},{}", liar.url(), honest.url()));
        sandbox.set("GOSTEADY_FAILOVER", "always");
        let project = sandbox.project();
        let sum = project.join("go.sum");
        let mut args = vec!["mod", "download"];
        match case {
            "workspace" | "go.work.sum" => {
                let member = project.join("member");
                std::fs::create_dir(&member).expect("a directory");
                std::fs::rename(project.join("go.mod"), member.join("go.mod")).expect("a member");
                let to = if case == "workspace" {
                    member.join("go.sum")
                } else {
                    project.join("go.work.sum")
                };
                std::fs::rename(&sum, to).expect("its sums");
                std::fs::write(project.join("go.work"), "go 1.21\n\nuse ./member\n").expect("a workspace");
            }
            _ => {
                std::fs::copy(project.join("go.mod"), project.join("other.mod")).expect("a copy");
                std::fs::rename(&sum, project.join("other.sum")).expect("its sums");
                if case == "modfile" {
                    args = vec!["list", "-modfile=other.mod", "-deps", "./..."];
                } else {
                    sandbox.set("GOFLAGS", "-modcacherw -modfile=other.mod");
                    args = vec!["list", "-deps", "./..."];
                }
            }
        }
        let ended = sandbox.go(&args);
        ended.expect(0);
        assert_eq!(sandbox.zips(), 4, "{case}: {}", ended.err());
    }
}
