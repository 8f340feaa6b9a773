//! What decides, as tables.

use super::finding::{Damage, KINDS, Part, faulty};
use super::key::Key;
use super::layout::{Layout, Module};
use super::mend::plan;
use super::tree;
use std::path::Path;

#[test]
fn names_that_have_a_place() {
    for (path, version, fine) in [
        ("golang.org/x/mod", "v0.20.0", true),
        ("github.com/Azure/x", "v1.0.0+incompatible", true),
        ("m.io/x", "v0.0.0-20240101000000-abcdefabcdef", true),
        ("golang.org/toolchain", "v0.0.1-go1.26.6.linux-amd64", true),
        ("m.io/x", "master", false),
        ("m.io/x", "v1", false),
        ("../x", "v1.0.0", false),
        ("m.io/../../x", "v1.0.0", false),
        ("/etc", "v1.0.0", false),
        ("m.io//x", "v1.0.0", false),
        ("m.io/a\\b", "v1.0.0", false),
        ("", "v1.0.0", false),
        ("m.io/x", "v1.0.0/../../x", false),
    ] {
        assert_eq!(Module::new(path, version).is_some(), fine, "{path} {version}");
    }
}

#[test]
fn places_and_back() {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::new(dir.path());
    let module = |text| Module::parse(text).unwrap();
    let all = [
        module("a.io/B/c@v1.0.0"),
        module("a.io/B@v1.0.0"),
        module("a.io/B@v1.1.0-Rc.1"),
        module("z.io@v2.0.0"),
    ];
    let write = |path: &Path| {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    };
    write(&layout.file(&all[0], "zip"));
    write(&layout.file(&all[1], "mod"));
    write(&layout.tree(&all[2]).join("x.go"));
    write(&layout.file(&all[3], "zip"));
    write(&layout.tree(&all[3]).join("go.mod"));
    // None of these is a module version.
    write(&layout.downloads().join("a.io/!b/@v/master.info"));
    write(&layout.downloads().join("a.io/!b/@v/list"));
    write(&layout.downloads().join("sumdb/sum.golang.org/x/@v/v1.0.0.zip"));
    write(&layout.root().join("cache/vcs/a@v1.0.0/x"));
    assert!(layout.file(&all[0], "zip").ends_with("a.io/!b/c/@v/v1.0.0.zip"));
    assert!(layout.tree(&all[2]).ends_with("a.io/!b@v1.1.0-!rc.1"));
    let mut want = all.to_vec();
    want.sort();
    assert_eq!(layout.modules(), want);
    assert!(want.iter().all(|module| layout.holds(module)));
    assert!(!layout.holds(&module("a.io/B@v1.2.0")));
}

#[test]
fn a_plan_is_one_job_for_each_module() {
    let module = |n: u8| Module::parse(&format!("m.io/{n}@v1.0.0")).unwrap();
    let damage = |id, n| Damage::new(id, &module(n), "w".into(), "e".into());
    let found = [
        damage("mod-sum", 2),
        damage("tree-changed", 1),
        damage("tree-extra", 1),
        damage("zip-sum", 2),
        damage("info-missing", 3),
        Damage::of_many("open-to-all", "w".into(), "e".into(), "f".into()),
    ];
    let jobs = plan(&found);
    let got: Vec<_> = jobs
        .iter()
        .map(|j| (j.module.path.as_str(), j.parts.as_slice()))
        .collect();
    use Part::{Hash, Mod, Tree, Zip};
    assert_eq!(
        got,
        [("m.io/1", &[Tree][..]), ("m.io/2", &[Zip, Hash, Tree, Mod][..])]
    );
    assert_eq!(jobs[0].because, ["tree-changed", "tree-extra"]);
    assert!(faulty(&found) && !faulty(&found[4..5]));
}

/// Without its hash go takes a tree for half extracted, and removes it.
#[test]
fn a_tree_goes_with_its_hash() {
    for kind in KINDS {
        let has = |part| kind.parts.contains(&part);
        assert!(!has(Part::Zip) || has(Part::Hash), "{}", kind.id);
        assert!(!has(Part::Hash) || has(Part::Tree), "{}", kind.id);
        assert!(kind.parts.is_sorted(), "{}", kind.id);
    }
}

#[test]
fn keys() {
    let text = b"m.io/a v1.0.0 h1:a=\nm.io/a v1.0.0/go.mod h1:b=\n";
    let key = Key::of("go1.26.6", None, text);
    // Pinned: another key for the same input would lose everybody's cache once.
    assert_eq!(key.text(), "go1.26.6-2ec89e88a49339cd5d071c5a1e56e307");
    assert_ne!(Key::of("go1.26.7", None, text).hash, key.hash);
    let linux = Key::of("go1.26.6", Some(("linux", "arm64")), text);
    assert!(linux.text().starts_with("go1.26.6-linux-arm64-") && linux.hash != key.hash);
}

#[test]
fn a_tree_has_the_hash_of_its_zip() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("go.mod"), "module golang.org/x/text\n").unwrap();
    let h1 = crate::gomod::h1::of_files(vec![(
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"module golang.org/x/text\n"),
        b"m@v1.0.0/go.mod".to_vec(),
    )]);
    assert_eq!(tree::hash(dir.path(), "m@v1.0.0").unwrap(), h1);
    std::os::unix::fs::symlink("go.mod", dir.path().join("link")).unwrap();
    assert!(tree::hash(dir.path(), "m@v1.0.0").is_err());
}

#[test]
fn a_tree_is_compared_piece_by_piece() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let write = |name: &str, text: &str| {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    for (name, text) in [
        ("same", "abcdef"),
        ("shorter", "abc"),
        ("longer", "abcdefg"),
        ("other", "abcdeF"),
        ("dir/extra", ""),
        ("go.mod", "module std"),
        ("_go.mod", "abcdef"),
        ("empty", ""),
    ] {
        write(name, text);
    }
    std::os::unix::fs::symlink("same", root.join("link")).unwrap();
    nix::unistd::mkfifo(&root.join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let compare = |module: &str| {
        let mut compare = tree::Compare::new(root, module);
        for name in [
            "same", "shorter", "longer", "other", "link", "pipe", "gone", "_go.mod",
        ] {
            for piece in [&b"abc"[..], b"def", b""] {
                compare.piece(format!("{module}/{name}").as_bytes(), piece);
            }
        }
        compare.piece(format!("{module}/empty").as_bytes(), b"");
        compare.piece(format!("{module}/dir/").as_bytes(), b"");
        compare.finish().unwrap()
    };
    let found = compare("m.io/x@v1.0.0");
    assert_eq!(
        found.changed.first,
        ["shorter", "longer", "other", "link", "pipe"]
    );
    assert_eq!(found.missing.first, ["gone"]);
    assert_eq!(found.extra.first, ["dir/extra", "go.mod"]);
    // go makes this copy itself.
    let found = compare("golang.org/toolchain@v0.0.1-go1.26.6.linux-amd64");
    assert_eq!(found.extra.first, ["dir/extra"]);
}

#[test]
fn the_documents_list_every_finding() {
    let text = include_str!("../../../docs/cache.md");
    for kind in KINDS {
        let row = format!("| `{}` | {} | {} |", kind.id, level(kind.level), kind.means);
        assert!(text.contains(&row), "docs/cache.md lacks\n{row}");
    }
    let rows = text
        .lines()
        .filter(|l| l.starts_with("| `") && l.matches('|').count() == 4);
    assert_eq!(rows.count(), KINDS.len());
}

fn level(level: crate::error::Level) -> &'static str {
    match level {
        crate::error::Level::Error => "error",
        crate::error::Level::Warning => "warning",
        crate::error::Level::Note => "note",
    }
}
