//! The layer picture of src/lib.rs, held against the sources: an import that points up or sideways fails.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const LEVEL_0: &[&str] = &[
    "activity",
    "bounded",
    "cause",
    "config",
    "error",
    "face",
    "fetch",
    "gomod",
    "goroutines",
    "hex",
    "outcome",
    "percent",
    "secret",
    "sumdb",
    "world",
];
const ENGINES: &[&str] = &["proxy", "supervise", "toolchain"];
const TOOLS: &[&str] = &["doctor", "drill", "repair"];

/// The modules that a module may import besides itself; `None` for a module that the picture does not know.
fn allowed(module: &str) -> Option<Vec<&'static str>> {
    let level_1 = || [LEVEL_0, &["trace", "ui", "journal"]].concat();
    let level_2 = || [&level_1()[..], ENGINES].concat();
    Some(match module {
        m if LEVEL_0.contains(&m) => LEVEL_0.to_vec(),
        "trace" => LEVEL_0.to_vec(),
        "ui" | "journal" => [LEVEL_0, &["trace"]].concat(),
        m if ENGINES.contains(&m) => level_1(),
        // Offline: of the engines it may only know versions of Go.
        "check" => [&level_1()[..], &["toolchain"]].concat(),
        m if TOOLS.contains(&m) => level_2(),
        "shim" => [&level_2()[..], &["check"]].concat(),
        "cli" => [&level_2()[..], &["check"], TOOLS].concat(),
        "main" => [&level_2()[..], &["check"], TOOLS, &["shim", "cli"]].concat(),
        _ => return None,
    })
}

#[test]
fn imports_point_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for file in sources(&root) {
        let relative = file.strip_prefix(&root).expect("below src");
        let place = place(relative);
        let Some(module) = place.first().filter(|m| *m != "lib") else {
            continue;
        };
        seen.insert(module.clone());
        let Some(allowed) = allowed(module) else {
            wrong.push(format!(
                "{}: `{module}` is not in the picture",
                relative.display()
            ));
            continue;
        };
        let text = std::fs::read_to_string(&file).expect("a source file");
        for import in imports(&bare(&text), &place) {
            if import != *module && !allowed.contains(&import.as_str()) {
                wrong.push(format!("{}: {module} imports {import}", relative.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen.contains("shim") && seen.contains("proxy"), "{seen:?}");
}

#[test]
fn the_map_names_what_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).expect("a text");
    let map = read("docs/architecture.md");
    let named: BTreeSet<&str> = map.split('`').skip(1).step_by(2).collect();
    let top = ["src/", "tests/", "shims/", "benches/", "fuzz/", ".ci/"];
    let paths = named
        .iter()
        .filter(|name| top.iter().any(|t| name.starts_with(t)));
    let gone: Vec<_> = paths.filter(|path| !root.join(path).exists()).collect();
    assert!(
        gone.is_empty(),
        "docs/architecture.md names what is not there: {gone:?}"
    );
    for entry in std::fs::read_dir(root.join("src")).expect("src").flatten() {
        let mut path = format!("src/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            path.push('/');
        }
        assert!(named.contains(path.as_str()), "docs/architecture.md lacks {path}");
    }
    for name in ["docs/architecture.md", "src/lib.rs"] {
        let text = read(name);
        let line = text
            .lines()
            .find_map(|line| line.trim_start_matches("//! ").strip_prefix("0   "));
        let words: BTreeSet<&str> = line.expect("level 0").split_whitespace().collect();
        for module in LEVEL_0 {
            assert!(words.contains(module), "{name} draws no {module}");
        }
    }
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a directory").flatten() {
        let path = entry.path();
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() && stem != "tests" {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") && stem != "tests" && !stem.ends_with("_tests")
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The module path of a file: `proxy/transport/mod.rs` is `[proxy, transport]`.
fn place(relative: &Path) -> Vec<String> {
    let mut parts: Vec<String> = relative
        .with_extension("")
        .components()
        .map(|c| c.as_os_str().to_string_lossy().into_owned())
        .collect();
    if parts.last().is_some_and(|p| p == "mod") {
        parts.pop();
    }
    parts
}

/// The code without comments, strings' content and the test module at the end.
fn bare(text: &str) -> String {
    let mut code = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let opens_tests = |next: &&str| next.starts_with("mod ") && next.ends_with('{');
        if line == "#[cfg(test)]" && lines.peek().is_some_and(opens_tests) {
            break;
        }
        let line = line.split("//").next().unwrap_or_default();
        code.push_str(line);
        code.push('\n');
    }
    // What stands at odd places between quotes is a string; good enough, as a wrong guess only hides a path.
    let code = code.replace("\\\"", "").replace("'\"'", "");
    code.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

/// The top-level modules that code names, through `crate::`, `gosteady::` (in main), or `super::` beyond its own root.
fn imports(code: &str, place: &[String]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let supers = "super::".repeat(place.len());
    for root in ["crate::", "gosteady::", supers.as_str()] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            names(&code[at + root.len()..], &mut found);
        }
    }
    found
}

/// The first names of a path or of each path in a brace group.
fn names(rest: &str, found: &mut BTreeSet<String>) {
    let ident = |text: &str| -> String {
        text.trim_start()
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let Some(group) = rest.strip_prefix('{') else {
        found.insert(ident(rest));
        return;
    };
    let (mut depth, mut start) = (0, 0);
    for (i, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                found.insert(ident(&group[start..i]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.insert(ident(&group[start..i]));
                start = i + 1;
            }
            _ => {}
        }
    }
    found.remove("");
}

#[test]
fn the_reader_sees_what_it_should() {
    let read = |code: &str, place: &[&str]| -> Vec<String> {
        let place: Vec<String> = place.iter().map(|p| p.to_string()).collect();
        imports(&bare(code), &place).into_iter().collect()
    };
    for (code, place, wanted) in [
        ("use crate::world::World;", &["shim"][..], &["world"][..]),
        (
            "use crate::{\n    ui,\n    trace::{Event, Recorder},\n};",
            &["shim"],
            &["trace", "ui"],
        ),
        (
            "// crate::cli\nlet a = \"crate::cli\"; crate::ui::note(a);",
            &["shim"],
            &["ui"],
        ),
        ("use super::cli::Args;", &["shim"], &["cli"]),
        ("use super::argv;", &["shim", "run"], &[]),
        ("use super::super::proxy::start;", &["shim", "run"], &["proxy"]),
        ("use some_crate::cli;", &["shim"], &[]),
        (
            "ui::out();\n#[cfg(test)]\nmod tests {\n    use crate::drill::Server;\n}",
            &["proxy"],
            &[],
        ),
        ("fn main() { gosteady::cli::run() }", &["main"], &["cli"]),
    ] {
        assert_eq!(read(code, place), wanted, "{code}");
    }
    assert_eq!(place(Path::new("proxy/transport/mod.rs")), ["proxy", "transport"]);
}
