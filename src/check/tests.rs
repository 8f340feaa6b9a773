//! Planted mistakes and sound files.

use super::*;

/// A project in a private directory, with a repository around it.
struct Project(tempfile::TempDir);

impl Project {
    fn new(files: &[(&str, &str)]) -> Project {
        let project = Project(tempfile::tempdir().unwrap());
        std::fs::create_dir(project.0.path().join(".git")).unwrap();
        for (name, text) in files {
            let path = project.0.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        project
    }

    fn check(&self, profile: Profile) -> Vec<Problem> {
        let world = World {
            cwd: Some(self.0.path().into()),
            env: vec![("HOME".into(), self.0.path().join("home").into())],
            ..World::default()
        };
        let env =
            GoEnv::read(&world, Path::new("/nowhere/go")).with_var("GOPROXY", "https://p.example".as_ref());
        let loaded = crate::config::load(&world);
        let levels = Levels::new(profile, &loaded.checks);
        run(&world, &env, &loaded, &[self.0.path().into()], &levels)
    }

    /// `id:LINE:COLUMN` of each problem, `id` where it has no place.
    fn ids(&self, profile: Profile) -> Vec<String> {
        let shown = |p: &Problem| match p.place() {
            Some((_, line, column)) => format!("{}:{line}:{column}", p.finding.id),
            None => p.finding.id.to_owned(),
        };
        self.check(profile).iter().map(shown).collect()
    }
}

const GO_SUM: &str = "a.io/b v1.2.3 h1:zip=\na.io/b v1.2.3/go.mod h1:mod=\n";

#[test]
fn a_sound_module_has_no_problems() {
    let project = Project::new(&[
        (
            "go.mod",
            "module m.io/x\n\ngo 1.24.0\n\nrequire a.io/b v1.2.3 // indirect\n\nretract [v1.0.0, v1.1.0]\n",
        ),
        ("go.sum", GO_SUM),
        (
            "vendor/modules.txt",
            "# a.io/b v1.2.3\n## explicit; go 1.20\na.io/b/pkg\n",
        ),
    ]);
    assert_eq!(project.ids(Profile::Prod), [""; 0]);
}

// Only go.mod was named, so that the next run found the next conflict of the same merge.
#[test]
fn a_merge_is_unfinished_in_both_files() {
    let project = Project::new(&[
        (
            "go.mod",
            "module m\n<<<<<<< HEAD\ngo 1.24\n=======\ngo 1.25\n>>>>>>> x\n",
        ),
        ("go.sum", "a.io/b v1.0.0 h1:x=\n<<<<<<< HEAD\n"),
    ]);
    let ids = project.ids(Profile::Dev);
    assert_eq!((ids.len(), ids[3].as_str()), (4, "conflict-marker:2:1"));
}

#[test]
fn mistakes_in_go_mod_stand_where_they_are() {
    for (gomod, ids) in [
        (
            "module m\ngo 1.24\nrequire a.io/b v1.2.3.4\n",
            vec!["version-not-canonical:3:16"],
        ),
        ("module m\ngo 1.24\nrequire a.io/b\n", vec!["gomod-syntax:3:1"]),
        (
            "module m\ngo 1.24\nrequire (\n\ta.io/b v2.0.0\n)\n",
            vec!["version-wrong-major:4:9"],
        ),
        ("module m\ngo v1.24\n", vec!["gomod-syntax:2:4"]),
        (
            "module m\nmodule n\ngo 1.24\ngo 1.25\n",
            vec!["gomod-syntax:2:1", "gomod-syntax:4:1"],
        ),
        (
            "module m\n<<<<<<< HEAD\ngo 1.24\n=======\ngo 1.25\n>>>>>>> x\n",
            vec![
                "conflict-marker:2:1",
                "conflict-marker:4:1",
                "conflict-marker:6:1",
            ],
        ),
        ("module m\ngo 1.24\nrequire (\n", vec!["gomod-syntax:3:1"]),
        ("module m\ngo 1.24\nuse ./x\n", vec!["gomod-syntax:3:1"]),
        (
            "module m\ngo 1.24\nreplace a.io/b => c.io/d\n",
            vec!["gomod-syntax:3:19"],
        ),
        (
            "module m\ngo 1.25.0\ntoolchain go1.24.3\n",
            vec!["toolchain-below-go:3:1"],
        ),
        ("module m\n", vec!["go-line-missing:1:1"]),
        (
            "module m\ngo 1.24\nrequire a.io/b v1.2.3\n",
            vec!["gosum-missing:1:1"],
        ),
    ] {
        assert_eq!(
            Project::new(&[("go.mod", gomod)]).ids(Profile::Dev),
            ids,
            "{gomod}"
        );
    }
}

#[test]
fn profiles_are_stricter_one_after_the_other() {
    let gomod =
        "module m\ngo 1.24\n\nrequire a.io/b v0.0.0-20240101000000-abcdefabcdef\nreplace a.io/b => ./b\n";
    let project = Project::new(&[("go.mod", gomod), ("b/go.mod", "module a.io/b\n")]);
    assert_eq!(project.ids(Profile::Dev), [""; 0]);
    assert_eq!(
        project.ids(Profile::Test),
        ["pseudo-version:4:1", "replace-local:5:1"]
    );
    assert!(faulty(&project.check(Profile::Test)));
    let indirect = gomod.replace("abcdefabcdef\n", "abcdefabcdef // indirect\n");
    let project = Project::new(&[("go.mod", &indirect), ("b/go.mod", "module a.io/b\n")]);
    assert_eq!(
        project.ids(Profile::Test),
        ["pseudo-version-indirect:4:1", "replace-local:5:1"]
    );
    let outside = gomod.replace("./b", "../b");
    let project = Project::new(&[("go.mod", &outside)]);
    assert_eq!(
        project.ids(Profile::Dev),
        ["replace-missing:5:1", "replace-outside:5:1"]
    );
}

#[test]
fn go_sum_and_vendor_are_held_against_go_mod() {
    let gomod = "module m\ngo 1.24\nrequire a.io/b v1.2.3\nrequire a.io/c v1.0.0\n";
    let go_sum = format!("{GO_SUM}a.io/b v1.2.3 h1:other=\na.io/x v1\n");
    let vendored = "# a.io/b v1.2.3\n## explicit\na.io/b\n# a.io/old v1.0.0\n## explicit\na.io/old\n";
    let project = Project::new(&[
        ("go.mod", gomod),
        ("go.sum", &go_sum),
        ("vendor/modules.txt", vendored),
    ]);
    assert_eq!(
        project.ids(Profile::Dev),
        [
            "gosum-conflict:3:1",
            "gosum-syntax:4:1",
            "gosum-incomplete:4:1",
            "vendor-drift:4:1",
            "vendor-drift:4:1"
        ]
    );
}

#[test]
fn a_workspace_is_checked_as_a_whole() {
    let project = Project::new(&[
        ("go.work", "go 1.24\nuse ./a\nuse ./b\n"),
        ("a/go.mod", "module m.io/a\ngo 1.24\n"),
        ("b/go.mod", "module m.io/b\ngo 1.24\nrequire x v1\n"),
    ]);
    let found = project.check(Profile::Dev);
    let files: Vec<_> = found.iter().map(|p| p.place().unwrap().0.to_path_buf()).collect();
    assert_eq!(files, [project.0.path().join("./b/go.mod")]);
}

/// What is vendored beside a go.work and a go.mod is looked at once.
#[test]
fn what_is_vendored_is_reported_once() {
    let project = Project::new(&[
        ("go.work", "go 1.24.0\n\nuse .\n"),
        ("go.mod", "module m.io/x\n\ngo 1.24.0\n\nrequire a.io/b v1.2.3\n"),
        ("go.sum", GO_SUM),
        (
            "vendor/modules.txt",
            "# a.io/b v1.2.3\n## explicit; go 1.20\na.io/b\n",
        ),
        ("vendor/a.io/b/b.go", "package c\n"),
        ("home/go/pkg/mod/a.io/b@v1.2.3/b.go", "package b\n"),
    ]);
    assert_eq!(project.ids(Profile::Dev), ["vendor-content:1:1"]);
}

#[test]
fn versions_of_go_agree_across_a_workspace() {
    let module = |go: &str| format!("module m.io/{}\n{go}\n", go.len());
    let check = |work: &str, a: &str, b: &str, profile| {
        Project::new(&[
            ("go.work", &format!("{work}\nuse (\n\t./a\n\t./b\n)\n")),
            ("a/go.mod", &module(a)),
            ("b/go.mod", &module(b)),
        ])
        .ids(profile)
    };
    for (work, a, b, ids) in [
        ("go 1.24.0", "go 1.24.0", "go 1.24", &[][..]),
        (
            "go 1.24",
            "go 1.24.0",
            "go 1.24.0",
            &["work-below-module:1:1", "work-below-module:1:1"],
        ),
        ("", "go 1.20", "go 1.24.0", &["work-below-module:1:1"]),
        (
            "go 1.24.0",
            "go 1.24.0\ntoolchain go1.24.5",
            "go 1.24.0",
            &["toolchain-not-in-work:3:1"],
        ),
        (
            "go 1.24.0\ntoolchain go1.25.0",
            "go 1.24.0\ntoolchain go1.24.5",
            "go 1.24.0",
            &[],
        ),
        ("go 1.24.0", "go 1.24.0\ntoolchain default", "go 1.24.0", &[]),
    ] {
        assert_eq!(check(work, a, b, Profile::Dev), ids, "{work} {a} {b}");
    }
    assert_eq!(
        check("go 1.24.0", "go 1.22.0", "go 1.24.0", Profile::Test),
        ["go-lines-differ:2:1"]
    );
}

#[test]
fn pins_agree_with_go_mod_and_with_each_other() {
    for (gomod, pin, ids) in [
        ("go 1.24.0", "1.24.0\n", &[][..]),
        ("go 1.24.1", "1.24\n", &[]),
        ("go 1.24", "1.25.1\n", &[]),
        ("go 1.24", "latest\n", &[]),
        ("go 1.24.1", "# ours\n1.24.0\n", &["pin-below-go:2:1"]),
        ("go 1.24.1", "1.23\n", &["pin-below-go:1:1"]),
        (
            "go 1.24.0\ntoolchain go1.24.5",
            "1.24.0\n",
            &["pin-below-toolchain:1:1"],
        ),
        ("go 1.24.0\ntoolchain default", "1.24.0\n", &[]),
    ] {
        let project = Project::new(&[
            ("go.mod", &format!("module m.io/a\n{gomod}\n")),
            ("b/go.mod", "module m.io/b\ngo 1.20\n"),
            (".go-version", pin),
        ]);
        assert_eq!(project.ids(Profile::Dev), ids, "{gomod} {pin}");
    }
    let project = Project::new(&[
        ("go.mod", "module m.io/a\ngo 1.24.0\n"),
        (".go-version", "1.24.0\n"),
        (".tool-versions", "golang 1.24.5\n"),
    ]);
    assert_eq!(project.ids(Profile::Dev), ["pins-disagree:1:1"]);
}

#[test]
fn a_replacement_of_one_version_counts_more_than_that_of_all() {
    let gomod = "module m\ngo 1.24\nrequire a.io/b v1.2.3\nreplace a.io/b => ./b\nreplace a.io/b v1.2.3 => c.io/d v1.0.0\n";
    let project = Project::new(&[("go.mod", gomod), ("b/go.mod", "module a.io/b\n"), ("go.sum", "")]);
    assert_eq!(project.ids(Profile::Dev), ["gosum-incomplete:3:1"]);
}

#[test]
fn formats_for_programs() {
    let project = Project::new(&[("a b/go.mod", "module m\ngo 1.24\nrequire x\n")]);
    let dir = project.0.path();
    let levels = Levels::new(Profile::Dev, &Default::default());
    let world = World::default();
    let (env, loaded) = (GoEnv::default(), crate::config::load(&world));
    let found = run(&world, &env, &loaded, &[dir.join("a b")], &levels);
    let sarif = format::sarif(&found, dir);
    let location = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "a%20b/go.mod");
    assert_eq!(location["region"]["startLine"], 3);
    let github = format::github(&found, dir);
    assert!(
        github.starts_with("::error file=a b/go.mod,line=3,col=1,title=gomod-syntax::"),
        "{github}"
    );
    assert_eq!(github.lines().count(), found.len(), "newlines are escaped");
    assert_eq!(format::json(&found, Profile::Dev)["problems"][0]["line"], 3);
}

#[test]
fn a_name_steers_nothing_and_makes_no_line_of_its_own() {
    let name = "d\u{1b}[31m\u{9b}2J\n::error::x%";
    let project = Project::new(&[(&format!("{name}/go.mod"), "module m\ngo 1.24\nrequire x\n")]);
    let levels = Levels::new(Profile::Dev, &Default::default());
    let loaded = crate::config::load(&World::default());
    let dir = project.0.path();
    let found = run(
        &World::default(),
        &GoEnv::default(),
        &loaded,
        &[dir.join(name)],
        &levels,
    );
    let github = format::github(&found, dir);
    assert_eq!(github.lines().count(), found.len(), "{github:?}");
    assert!(
        !github.trim_end().chars().any(|c| c.is_control() && c != '\n'),
        "{github:?}"
    );
    assert!(github.starts_with("::error file=d\\u{1b}[31m"), "{github:?}");
}

#[test]
fn what_cannot_be_read_is_told_and_not_called_missing() {
    let gomod = "module m.io/x\n\ngo 1.24.0\n\nrequire a.io/b v1.2.3\n";
    let sound = [
        ("go.mod", gomod),
        ("go.sum", GO_SUM),
        ("vendor/modules.txt", "# a.io/b v1.2.3\n## explicit\na.io/b\n"),
    ];
    let pipe = |path: &Path| nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let dir = |path: &Path| std::fs::create_dir(path).unwrap();
    let to_itself = |path: &Path| std::os::unix::fs::symlink(path, path).unwrap();
    let instead: [&dyn Fn(&Path); 3] = [&pipe, &dir, &to_itself];
    for name in ["go.mod", "go.sum", "vendor/modules.txt", "go.work", "go.work.sum"] {
        for put in instead {
            let project = Project::new(&sound);
            let path = project.0.path().join(name);
            let _ = std::fs::remove_file(&path);
            put(&path);
            let found = project.check(Profile::Dev);
            let [only] = found.as_slice() else {
                panic!("{name}: {found:?}");
            };
            assert_eq!((only.finding.id, only.place().unwrap().0), ("unreadable", &*path));
            assert!(
                only.finding.what.contains("can't be read: "),
                "{:?}",
                only.finding
            );
        }
    }
}

#[test]
fn what_must_not_be_read_is_told() {
    // root may read everything.
    if nix::unistd::geteuid().is_root() {
        return;
    }
    use std::os::unix::fs::PermissionsExt;
    let deny = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let project = Project::new(&[
        ("go.work", "go 1.24.0\nuse ./a\nuse ./b\n"),
        ("a/go.mod", "module m.io/a\ngo 1.24.0\nrequire a.io/b v1.2.3\n"),
        ("a/go.sum", GO_SUM),
        ("b/go.mod", "module m.io/b\ngo 1.24.0\n"),
    ]);
    let at = |name: &str| project.0.path().join(name);
    deny(&at("a/go.sum"), 0);
    deny(&at("b"), 0);
    let ids = project.ids(Profile::Dev);
    deny(&at("b"), 0o755);
    assert_eq!(ids, ["unreadable:1:1", "unreadable:1:1"]);
}
