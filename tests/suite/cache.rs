//! `gosteady cache` on caches that the real go filled from a loopback mirror and that are then damaged.

use crate::support::{Sandbox, real_go, tree};
use gosteady::drill::{Fault, Server, Store};
use gosteady::gomod::escape;
use nix::fcntl::{Flock, FlockArg};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const MODULES: usize = 10;

/// A filled cache, and the server that filled it.
struct Filled {
    sandbox: Sandbox,
    server: Server,
    store: Store,
}

fn filled(test: &str) -> Option<Filled> {
    let real = real_go(test)?;
    let store = Store::synthetic(7, MODULES);
    let server = Server::start(store.clone(), Fault::Good).expect("a server");
    let mut sandbox = Sandbox::with(&real, &store);
    sandbox.hurry().set("GOPROXY", server.url());
    sandbox.plain(&["mod", "download", "-json"]).expect(0);
    assert_eq!(sandbox.zips(), MODULES);
    Some(Filled {
        sandbox,
        server,
        store,
    })
}

impl Filled {
    fn name(&self, n: usize) -> String {
        let module = &self.store.modules()[n];
        format!("{}@{}", module.path, module.version)
    }

    fn file(&self, n: usize, extension: &str) -> PathBuf {
        let module = &self.store.modules()[n];
        let dir = self
            .sandbox
            .modcache()
            .join("cache/download")
            .join(escape(&module.path));
        dir.join(format!("@v/{}.{extension}", module.version))
    }

    fn tree(&self, n: usize) -> PathBuf {
        self.sandbox.modcache().join(escape(&self.name(n)))
    }

    /// Ids by module.
    fn verify(&self, args: &[&str], status: i32) -> BTreeMap<String, BTreeSet<String>> {
        let ended = self
            .sandbox
            .gosteady(&[&["cache", "verify", "--json"], args].concat());
        ended.expect(status);
        let json: serde_json::Value = serde_json::from_slice(&ended.stdout).expect("JSON");
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for finding in json["findings"].as_array().expect("findings") {
            let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            let module = format!("{}@{}", text("module"), text("version"));
            found.entry(module).or_default().insert(text("id"));
        }
        found
    }

    /// The cache without locks and without what gosteady keeps in it.
    fn cache(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = tree::module_cache(&self.sandbox.modcache());
        files.retain(|name, _| !name.starts_with("cache/gosteady/"));
        files
    }

    /// Damages a module each, in every way there is; returns what must be found.
    fn damage(&self) -> BTreeMap<String, BTreeSet<String>> {
        let source = |n: usize| {
            let mut files = tree::files(&self.tree(n))
                .into_keys()
                .filter(|name| name.ends_with(".go"));
            self.tree(n).join(files.next().expect("a Go file"))
        };
        flip(&self.file(0, "zip"));
        let zip = std::fs::read(self.file(1, "zip")).expect("a zip");
        std::fs::write(self.file(1, "zip"), &zip[..zip.len() / 2]).expect("a truncated zip");
        std::fs::copy(self.file(3, "zip"), self.file(2, "zip")).expect("another's zip");
        let changed = source(3);
        // Read-only, to all but root.
        std::fs::remove_file(&changed).expect("the file");
        std::fs::write(changed, "package changed\n").expect("a changed file");
        std::fs::remove_file(source(4)).expect("a missing file");
        std::fs::write(self.tree(5).join("extra.go"), "package extra\n").expect("an extra file");
        std::fs::write(self.file(6, "partial"), "").expect("a mark");
        std::fs::write(self.file(7, "mod"), "module other\n").expect("a changed .mod");
        std::fs::write(self.file(8, "ziphash"), "h1:other").expect("a changed hash");
        std::fs::write(self.file(9, "info"), "{").expect("a broken .info");
        let ids = [
            "zip-broken",
            "zip-broken",
            "zip-foreign",
            "tree-changed",
            "tree-missing",
            "tree-extra",
            "tree-partial",
            "mod-sum",
            "hash-sum",
            "info-broken",
        ];
        let found = ids.iter().enumerate();
        found
            .map(|(n, id)| (self.name(n), BTreeSet::from([id.to_string()])))
            .collect()
    }
}

/// Turns a bit in the middle of a file: of the zips here, in a file's compressed bytes.
fn flip(path: &Path) {
    let mut bytes = std::fs::read(path).expect("a file");
    let middle = bytes.len() / 3;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).expect("a damaged file");
}

#[test]
fn every_damage_is_found_by_its_id() {
    let Some(filled) = filled("every_damage_is_found_by_its_id") else {
        return;
    };
    assert!(filled.verify(&[], 0).is_empty());
    assert!(filled.verify(&["--all"], 0).is_empty());
    let planted = filled.damage();
    assert_eq!(filled.verify(&[], 1), planted);
    assert_eq!(filled.verify(&[&filled.name(7)], 1).len(), 1);
    // What go itself does not see: the .mod, the .info, what was half extracted.
    let go = filled.sandbox.plain(&["mod", "verify"]);
    for n in [6, 9] {
        assert!(
            !go.err().contains(&filled.store.modules()[n].path),
            "{}",
            go.err()
        );
    }
    let text = filled.sandbox.gosteady(&["cache", "verify"]);
    text.expect(1);
    let fix = format!("gosteady cache repair {}", filled.name(3));
    assert!(
        text.out().contains("error[tree-changed]") && text.out().contains(&fix),
        "{}",
        text.out()
    );
}

#[test]
fn what_everybody_may_write_to_is_told_once() {
    let Some(filled) = filled("what_everybody_may_write_to_is_told_once") else {
        return;
    };
    for n in [0, 1] {
        let open = std::fs::Permissions::from_mode(0o666);
        std::fs::set_permissions(filled.file(n, "zip"), open).expect("a mode");
    }
    let found = filled.verify(&[], 1);
    assert_eq!(
        found,
        BTreeMap::from([("@".into(), BTreeSet::from(["open-to-all".into()]))])
    );
    // Modes are the owner's to mend.
    let ended = filled.sandbox.gosteady(&["cache", "repair"]);
    ended.expect(1);
    assert!(ended.err().contains("chmod -R o-w"), "{}", ended.err());
    assert_eq!(filled.verify(&[], 1), found);
}

#[test]
fn repair_replaces_what_is_damaged_and_nothing_else() {
    let Some(filled) = filled("repair_replaces_what_is_damaged_and_nothing_else") else {
        return;
    };
    let before = filled.cache();
    let planted = filled.damage();
    let damaged = filled.cache();
    let dry = filled.sandbox.gosteady(&["cache", "repair", "--dry-run"]);
    dry.expect(1);
    tree::assert_same("a dry run", &damaged, &filled.cache());
    let asked = filled.server.requests().len();
    let ended = filled.sandbox.gosteady(&["cache", "repair"]);
    ended.expect(0);
    for module in planted.keys() {
        assert!(
            ended.out().contains(&format!("{module}: replaced")),
            "{}",
            ended.out()
        );
    }
    tree::assert_same("repaired", &before, &filled.cache());
    filled.sandbox.plain(&["mod", "verify"]).expect(0);
    // Whole zips were not asked for again.
    let requests = filled.server.requests();
    let zips = requests[asked..]
        .iter()
        .filter(|r| r.path.ends_with(".zip"))
        .count();
    assert_eq!(
        zips,
        3,
        "{:?}",
        requests[asked..].iter().map(|r| &r.path).collect::<Vec<_>>()
    );
    // The old is all there, under its own names.
    let ours = filled.sandbox.modcache().join("cache/gosteady");
    let aside = tree::files(&ours.join("aside"));
    for (name, content) in &damaged {
        if before.get(name) != Some(content) {
            let kept = aside
                .iter()
                .any(|(path, kept)| path.ends_with(name.as_str()) && kept == content);
            assert!(kept, "{name} was not set aside");
        }
    }
    let left = std::fs::read_dir(&ours).expect("a directory").count();
    assert_eq!(left, 2, "only the lock and what was set aside");
}

#[test]
fn a_tree_that_is_no_directory_is_set_aside() {
    let Some(filled) = filled("a_tree_that_is_no_directory_is_set_aside") else {
        return;
    };
    let before = filled.cache();
    let removed = |n: usize| {
        let tree = filled.tree(n);
        tree::remove(&tree);
        tree
    };
    std::fs::write(removed(0), "").expect("a file");
    std::os::unix::fs::symlink(filled.file(1, "mod"), removed(1)).expect("a link to a file");
    std::fs::write(removed(2), "").expect("a file");
    std::fs::remove_file(filled.file(2, "zip")).expect("no zip");
    let partial = |n| (filled.name(n), BTreeSet::from(["tree-partial".to_string()]));
    assert_eq!(filled.verify(&[], 1), (0..3).map(partial).collect());
    filled.sandbox.gosteady(&["cache", "repair"]).expect(0);
    let mut after = filled.cache();
    // What is not in the way is not fetched.
    after.extend(
        before
            .iter()
            .filter(|(name, _)| name.ends_with(".zip"))
            .map(|(n, c)| (n.clone(), c.clone())),
    );
    tree::assert_same("repaired", &before, &after);
    assert!(filled.verify(&[], 0).is_empty());
}

#[test]
fn what_cannot_be_fetched_stays_as_it_is() {
    let Some(mut filled) = filled("what_cannot_be_fetched_stays_as_it_is") else {
        return;
    };
    filled.damage();
    filled.server.set_fault(Fault::status(500));
    let damaged = filled.cache();
    filled
        .sandbox
        .gosteady(&["cache", "repair", &filled.name(0), &filled.name(7)])
        .expect(1);
    tree::assert_same("a dead mirror", &damaged, &filled.cache());
    // What the zip itself can mend needs nobody.
    filled.sandbox.set("GOPROXY", "off");
    let tree = [3, 4, 5, 6].map(|n| filled.name(n));
    let mut args = vec!["cache", "repair"];
    args.extend(tree.iter().map(String::as_str));
    filled.sandbox.gosteady(&args).expect(0);
    let left = filled.verify(&[], 1);
    assert!(tree.iter().all(|name| !left.contains_key(name)), "{left:?}");
}

#[test]
fn a_mirror_that_sends_the_same_damage_mends_nothing() {
    let Some(filled) = filled("a_mirror_that_sends_the_same_damage_mends_nothing") else {
        return;
    };
    // go.sum is the odd one out.
    let sum = filled.sandbox.project().join("go.sum");
    let text = std::fs::read_to_string(&sum).expect("go.sum");
    let hash = &filled.store.modules()[0].sum;
    std::fs::write(&sum, text.replace(hash.as_str(), &filled.store.modules()[1].sum)).expect("go.sum");
    let ids = filled.verify(&[], 1);
    assert!(ids[&filled.name(0)].contains("zip-sum"), "{ids:?}");
    let before = filled.cache();
    // go ends at once where a hash does not match; the others are mended all the same.
    flip(&filled.file(1, "zip"));
    flip(&filled.file(8, "zip"));
    let ended = filled.sandbox.gosteady(&["cache", "repair"]);
    ended.expect(1);
    let left = format!("{}: left as it was", filled.name(0));
    assert!(ended.out().contains(&left), "{}", ended.out());
    assert!(ended.err().contains("checksum mismatch"), "{}", ended.err());
    tree::assert_same("go.sum is wrong", &before, &filled.cache());
}

#[test]
fn a_module_that_another_process_works_on_is_left() {
    let Some(filled) = filled("a_module_that_another_process_works_on_is_left") else {
        return;
    };
    filled.damage();
    let damaged = filled.cache();
    let held = std::fs::File::options()
        .write(true)
        .open(filled.file(0, "lock"))
        .expect("go's lock");
    let held = Flock::lock(held, FlockArg::LockExclusive).expect("the lock");
    let ended = filled.sandbox.gosteady(&["cache", "repair", &filled.name(0)]);
    ended.expect(1);
    assert!(ended.out().contains("another process"), "{}", ended.out());
    tree::assert_same("while it is held", &damaged, &filled.cache());
    drop(held);
    filled
        .sandbox
        .gosteady(&["cache", "repair", &filled.name(0)])
        .expect(0);
}

// It ended with 2 and the advice to go to a module.
#[test]
fn a_module_without_requirements_has_nothing_damaged() {
    let Some(real) = real_go("a_module_without_requirements_has_nothing_damaged") else {
        return;
    };
    let sandbox = Sandbox::new(&real);
    let verify = || sandbox.gosteady(&["cache", "verify"]);
    assert!(
        verify().expect(2).err().contains("is in no module"),
        "{}",
        verify().err()
    );
    std::fs::write(sandbox.project().join("go.mod"), "module m\n\ngo 1.21\n").expect("a go.mod");
    assert!(
        verify().expect(0).out().contains("0 module versions"),
        "{}",
        verify().out()
    );
    sandbox.gosteady(&["cache", "repair"]).expect(0);
}

#[test]
fn the_key_is_that_of_the_sums_and_of_go() {
    let Some(real) = real_go("the_key_is_that_of_the_sums_and_of_go") else {
        return;
    };
    let store = Store::synthetic(7, 4);
    let key = |sandbox: &Sandbox, args: &[&str]| {
        let ended = sandbox.gosteady(&[&["cache", "key"], args].concat());
        ended.expect(0);
        ended.out().trim().to_owned()
    };
    let (mut one, other) = (Sandbox::with(&real, &store), Sandbox::with(&real, &store));
    let first = key(&one, &[]);
    assert_eq!(first, key(&other, &[]), "in two places");
    assert!(first.starts_with("go1."), "{first}");
    assert!(key(&one, &["--platform=plan9/arm"]).contains("-plan9-arm-"));
    assert_ne!(key(&one, &["--platform"]), first);
    // Order and line ends do not count; a line does.
    let sum = other.project().join("go.sum");
    let text = std::fs::read_to_string(&sum).expect("go.sum");
    let turned: Vec<&str> = text.lines().rev().collect();
    std::fs::write(&sum, turned.join("\r\n")).expect("go.sum");
    assert_eq!(key(&other, &[]), first);
    std::fs::write(&sum, turned[1..].join("\n")).expect("go.sum");
    assert_ne!(key(&other, &[]), first);
    // A workspace's is that of its members.
    let project = one.project();
    std::fs::write(project.join("go.work"), "go 1.21\n\nuse .\n").expect("a workspace");
    assert_eq!(key(&one, &[]), first);
    std::fs::write(project.join("go.work.sum"), "m.io/more v1.0.0 h1:abc=\n").expect("more sums");
    assert_ne!(key(&one, &[]), first);
    // The go that runs is the one that go switches to.
    std::fs::write(project.join("go.work"), "go 1.99.1\n\nuse .\n").expect("a workspace");
    one.set("GOTOOLCHAIN", "auto");
    assert!(key(&one, &[]).starts_with("go1.99.1-"));
}

#[test]
fn the_parts_are_the_whole() {
    let Some(filled) = filled("the_parts_are_the_whole") else {
        return;
    };
    let ended = filled.sandbox.gosteady(&["cache", "size", "--json"]);
    ended.expect(0);
    let json: serde_json::Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    let files = |value: &serde_json::Value| value["room"]["files"].as_u64().expect("a number");
    let parts = json["parts"].as_array().expect("parts");
    assert_eq!(parts.iter().map(files).sum::<u64>(), files(&json));
    assert_eq!(files(&json), tree::files(&filled.sandbox.modcache()).len() as u64);
    assert_eq!(json["modules"].as_array().expect("modules").len(), MODULES);
    let text = filled.sandbox.gosteady(&["cache", "size"]).out();
    assert!(
        text.contains("extracted trees") && text.contains(&filled.store.modules()[0].path),
        "{text}"
    );
}
