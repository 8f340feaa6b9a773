//! What is fuzzed: one function for each kind of file that comes from somewhere else. Each takes any bytes, reads them
//! as gosteady does, and holds what it got against what must be true of it; the rest is not to panic and not to hang.
//!
//! What looks at files by their path gets them in a private directory, in memory where the system has one.

use gosteady::check::{self, Levels, Problem, Profile, format};
use gosteady::config::{self, goenv::GoEnv};
use gosteady::gomod;
use gosteady::goroutines;
use gosteady::sumdb::{Key, Signed};
use gosteady::trace::secrets::Secrets;
use gosteady::trace::whole::{Hide, Whole};
use gosteady::world::World;
use std::cell::RefCell;
use std::path::Path;

/// A function that takes any bytes.
pub type Target = fn(&[u8]);

/// All of them: name, function, names of files that are good to begin with.
pub const TARGETS: &[(&str, Target, &[&str])] = &[
    ("gomod", gomod, &["go.mod", ".mod"]),
    ("gowork", gowork, &["go.work"]),
    ("gosum", gosum, &["go.sum", "go.work.sum"]),
    ("modules_txt", modules_txt, &["modules.txt"]),
    (
        "settings",
        settings,
        &["gosteady.toml", "config.toml", "Cargo.toml", "mise.toml"],
    ),
    ("trace", trace, &[".jsonl"]),
    ("goroutines", goroutines, &[".dump", "goroutines.txt"]),
    ("note", note, &["latest", ".note"]),
];

const GO_MOD: &[u8] = b"module m.io/x\n\ngo 1.24\n\nrequire a.io/b v1.2.3\n";

thread_local! {
    static DIR: RefCell<Option<tempfile::TempDir>> = const { RefCell::new(None) };
}

/// Runs with a directory that holds these files and nothing else of an earlier run.
fn with(files: &[(&str, &[u8])], run: impl FnOnce(&Path)) {
    const NAMES: [&str; 5] = [
        "go.mod",
        "go.sum",
        "go.work",
        "vendor/modules.txt",
        "gosteady.toml",
    ];
    DIR.with(|dir| {
        let mut dir = dir.borrow_mut();
        let dir = dir.get_or_insert_with(|| {
            let memory = Path::new("/dev/shm");
            let made = match memory.is_dir() {
                true => tempfile::tempdir_in(memory),
                false => tempfile::tempdir(),
            };
            let made = made.expect("a directory");
            std::fs::create_dir(made.path().join("vendor")).expect("a directory");
            std::fs::create_dir(made.path().join(".git")).expect("a directory");
            made
        });
        for name in NAMES {
            let _ = std::fs::remove_file(dir.path().join(name));
        }
        for (name, content) in files {
            std::fs::write(dir.path().join(name), content).expect("a file");
        }
        run(dir.path());
    });
}

/// Checks files in every profile; every finding must have a place inside its text.
fn checked(dir: &Path, file: &str) {
    let (world, env) = (World::default(), GoEnv::default());
    for profile in Profile::ALL {
        let files = vec![dir.join(file)];
        let found = check::of_command(
            &world,
            &env,
            dir,
            files,
            &Levels::new(profile, &Default::default()),
        );
        sound(&found);
        let _ = format::json(&found, profile);
        let _ = format::sarif(&found, dir);
        let lines = format::github(&found, dir);
        assert_eq!(lines.lines().count(), found.len(), "one line a finding");
    }
}

fn sound(found: &[Problem]) {
    for problem in found {
        if let Some(mark) = &problem.mark {
            assert!(mark.text.get(mark.span.clone()).is_some(), "{problem:?}");
            let (_, line, column) = problem.place().expect("a place");
            assert!(
                line <= mark.text.lines().count().max(1) + 1 && column > 0,
                "{problem:?}"
            );
        }
    }
}

/// A go.mod, by each of its readers.
pub fn gomod(data: &[u8]) {
    let lenient = gomod::directives(data);
    let _ = (lenient.is_pruned(), gomod::head(data), gomod::line_of(data, "go"));
    let _ = gomod::local_replacements(data, Path::new("/m"));
    if let Ok(text) = std::str::from_utf8(data) {
        let syntax = gomod::syntax::parse(text);
        for token in syntax.statements.iter().flat_map(|s| &s.args) {
            assert_eq!(&text[token.span.clone()], token.raw);
        }
    }
    with(&[("go.mod", data)], |dir| checked(dir, "go.mod"));
}

/// A go.work.
pub fn gowork(data: &[u8]) {
    let _ = (gomod::workspace_uses(data, Path::new("/w")), gomod::head(data));
    with(&[("go.work", data), ("go.mod", GO_MOD)], |dir| {
        checked(dir, "go.work")
    });
}

/// A go.sum beside a go.mod.
pub fn gosum(data: &[u8]) {
    let mut sums = gomod::Sums::default();
    sums.add(data);
    let _ = sums.of("a.io/b", "v1.2.3", true);
    with(&[("go.mod", GO_MOD), ("go.sum", data)], |dir| {
        checked(dir, "go.mod")
    });
}

/// A vendor/modules.txt beside a go.mod.
pub fn modules_txt(data: &[u8]) {
    with(&[("go.mod", GO_MOD), ("vendor/modules.txt", data)], |dir| {
        checked(dir, "go.mod")
    });
}

/// A project's gosteady.toml.
pub fn settings(data: &[u8]) {
    with(&[("gosteady.toml", data), ("go.mod", GO_MOD)], |dir| {
        let world = World::default();
        let loaded = config::load_in(&world, dir);
        // It is a project's file: what it must not decide stays as it is.
        assert_eq!(loaded.settings.policy, None);
        assert!(loaded.settings.pin.toolchain_sums.is_empty() && loaded.settings.proxy.public.is_empty());
        for (finding, mark) in loaded.marked() {
            assert!(!finding.what.contains('\u{1b}'), "{finding:?}");
            if let Some(mark) = mark {
                assert!(mark.span.start <= mark.text.len(), "{finding:?}");
            }
        }
        let levels = Levels::new(Profile::Prod, &loaded.checks);
        let paths = [dir.to_path_buf()];
        sound(&check::run(&world, &GoEnv::default(), &loaded, &paths, &levels));
    });
}

/// A trace, with names hidden and not.
pub fn trace(data: &[u8]) {
    let secrets = Secrets::of(&World::default());
    for salt in [None, Some(&b"salt"[..])] {
        let hide = Hide {
            secrets: &secrets,
            salt,
        };
        let whole = Whole::read(data, &hide);
        assert!(whole.lines.iter().all(|line| !line.contains('\n')));
    }
}

/// A dump of goroutines.
pub fn goroutines(data: &[u8]) {
    let dump = goroutines::read(data).expect("memory can be read");
    let _ = goroutines::compare(&dump, &dump);
}

/// A signed note of the checksum database, and a record of it.
pub fn note(data: &[u8]) {
    const KEY: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    let text = String::from_utf8_lossy(data);
    let key = Key::parse(KEY).expect("the key");
    if let Ok(signed) = Signed::open(&text, &key) {
        assert_eq!(signed.note, text);
    }
    let _ = gosteady::sumdb::Record::parse(&text).map(|record| record.h1("a.io/b", "v1.2.3").map(str::len));
}
