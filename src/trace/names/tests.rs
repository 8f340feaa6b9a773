use super::*;
use crate::trace::event::{Attempt, Run, Upstream};
use proptest::prelude::*;

fn record(event: Event) -> Record {
    Record { t: 0.0, event }
}

fn names(salt: &str) -> Names {
    let mut names = Names::new(salt.as_bytes());
    let run = Run {
        dir: "/home/jane/src/secretapp".into(),
        env: [("HOME".to_string(), "/home/jane".to_string())].into(),
        settings: [
            (
                "GOPRIVATE".to_string(),
                "*.corp.example,github.com/acme".to_string(),
            ),
            (
                "GOPROXY".to_string(),
                "http://nexus01:8081|https://proxy.golang.org".to_string(),
            ),
        ]
        .into(),
        ..Run::default()
    };
    names.learn(&record(Event::Run(run)));
    let mirror = "https://proxy.golang.org".to_string();
    let list = vec![Upstream {
        url: mirror.clone(),
        public: true,
        separator: String::new(),
    }];
    names.learn(&record(Event::Upstreams { list }));
    for (resource, outcome) in [
        ("github.com/BurntSushi/toml@v1.2.3 zip", "ok"),
        ("github.com/acme/leaked@v1.0.0 mod", "ok"),
        ("github.com/other/thing@v1.0.0 mod", "not-found"),
    ] {
        let attempt = Attempt {
            resource: resource.into(),
            outcome: outcome.into(),
            upstream: mirror.clone(),
            peer: "203.0.113.80:443".into(),
            ..Attempt::default()
        };
        names.learn(&record(Event::Attempt(attempt)));
    }
    names
}

#[test]
fn what_is_public_stays_and_what_is_not_goes() {
    let names = names("salt");
    // `*` stands for a pseudonym.
    for (given, expected) in [
        (
            "sum.golang.org tile 8/0/x259/370.p/1",
            "sum.golang.org tile 8/0/x259/370.p/1",
        ),
        (
            "github.com/BurntSushi/toml@v1.2.3 zip",
            "github.com/BurntSushi/toml@v1.2.3 zip",
        ),
        (
            "LANG=de_DE.UTF-8, LC_ALL=C.utf8",
            "LANG=de_DE.UTF-8, LC_ALL=C.utf8",
        ),
        (
            "https://proxy.golang.org/github.com/!burnt!sushi/toml/@v/v1.2.3.zip",
            "https://proxy.golang.org/github.com/!burnt!sushi/toml/@v/v1.2.3.zip",
        ),
        ("golang.org/x/text@v0.3.0 mod", "golang.org/x/text@v0.3.0 mod"),
        ("github.com/acme/leaked@v1.0.0 mod", "github.com/*/*@v1.0.0 mod"),
        ("github.com/other/thing@v1.0.0 mod", "github.com/*/*@v1.0.0 mod"),
        (
            "git.corp.example/team/libz/v2@v2.0.1-0.20210105154028-b0ab187a4818 info",
            "*/*/*/v2@v2.0.1-0.20210105154028-b0ab187a4818 info",
        ),
        (
            "go: git.corp.example/team/libz@v1.0.0: Get \"https://nexus.corp.example:8443/repository/go/git.corp.example/team/libz/@v/v1.0.0.info\": dial tcp 10.1.2.3:8443: i/o timeout",
            "go: */*/*@v1.0.0: Get \"https://*:8443/repository/go/*/*/*/@v/v1.0.0.info\": dial tcp *:8443: i/o timeout",
        ),
        (
            "lookup nexus.corp.example on 10.0.0.2:53: no such host",
            "lookup * on *:53: no such host",
        ),
        (
            "203.0.113.80:443 127.0.0.1:80 [::1]:80",
            "203.0.113.80:443 127.0.0.1:80 [::1]:80",
        ),
        (
            "fatal: unable to access git@git.corp.example:team/libz.git",
            "fatal: unable to access git@*:*/*.git",
        ),
        (
            "jane@build01.corp.example: Permission denied",
            "*@*: Permission denied",
        ),
        ("Jane said: nexus01, secretapp", "* said: *, *"),
        (
            "/home/jane/go/bin:/usr/local/go/bin:/opt/acme/bin",
            "~/go/bin:/usr/local/go/bin:/opt/*/bin",
        ),
        (
            "/home/jane/src/secretapp/main.go:12:3: undefined",
            "~/src/*/main.go:12:3: undefined",
        ),
        (
            "package secretapp/internal/x is not in std",
            "package */internal/* is not in std",
        ),
        (
            "/home/jane/go/pkg/mod/github.com/!burnt!sushi/toml@v1.2.3/x.go",
            "~/go/pkg/mod/github.com/!burnt!sushi/toml@v1.2.3/x.go",
        ),
        ("/home/janet/x1", "/home/*/*"),
        (
            "http://nexus01:8081|https://proxy.golang.org,direct",
            "http://*:8081|https://proxy.golang.org,direct",
        ),
        ("*.corp.example/team,github.com/acme", "*.*/*,github.com/*"),
        ("exit status 1", "exit status 1"),
        (
            "package acmeapp/store imports net/http: i/o timeout",
            "package */store imports net/http: i/o timeout",
        ),
        (
            "Get \"https://proxy.golang.org/golang.org/toolchain/@v/v0.0.1-go1.24.0.linux-amd64.zip\"",
            "Get \"https://proxy.golang.org/golang.org/toolchain/@v/v0.0.1-go1.24.0.linux-amd64.zip\"",
        ),
        (
            "h1:abc/def= application/zip refs/heads/main",
            "h1:abc/def= application/zip refs/heads/main",
        ),
        (
            "go: downloading go1.26.0 (linux/amd64)",
            "go: downloading go1.26.0 (linux/amd64)",
        ),
        ("go.mod: 120 bytes, 0f3a", "go.mod: 120 bytes, 0f3a"),
        ("HTTP/1.1 503 text/plain", "HTTP/1.1 503 text/plain"),
        ("./... ./cmd/hidden all", "./... ./cmd/* all"),
        ("https://…@nexus.corp.example/x", "https://…@*/*"),
    ] {
        let shown = names.text(given);
        let mut pattern = String::new();
        let mut rest = shown.as_str();
        while let Some(at) = rest.find("x-") {
            let hex = rest[at + 2..].chars().take_while(char::is_ascii_hexdigit).count();
            pattern.push_str(&rest[..at]);
            pattern.push_str(if hex < 8 { "x-" } else { "*" });
            rest = &rest[at + 2 + if hex < 8 { 0 } else { 8 }..];
        }
        pattern.push_str(rest);
        assert_eq!(pattern, expected, "{given}");
    }
}

#[test]
fn a_name_is_the_same_everywhere_under_one_salt_only() {
    let (one, two) = (names("one"), names("two"));
    let lookup = one.text("lookup git.corp.example");
    let host = lookup.split(' ').nth(1).unwrap();
    assert!(one.text("https://git.corp.example/").contains(host));
    assert!(one.text("git.corp.example/team/lib@v1.0.0 zip").starts_with(host));
    assert!(!two.text("https://git.corp.example/").contains(host));
    assert_eq!(one.hidden()[host].0, Kind::Host);
    assert_eq!(one.hidden()[host].1, 3);
}

#[test]
fn every_text_of_a_record_is_looked_through() {
    let names = names("s");
    let mut value = serde_json::json!({
        "kind": "omen", "t": 1, "x": ["git.corp.example"], "deep": {"y": {"z": "/home/jane"}},
        "headers": {"via": "1.1 gate01 (squid), 1.1 varnish"}, "platform": "linux/amd64", "n": 3,
    });
    names.hide(&mut value);
    let text = value.to_string();
    for name in ["corp", "jane", "gate01"] {
        assert!(!text.contains(name), "{text}");
    }
    assert!(
        text.contains("varnish") && text.contains("linux/amd64") && text.contains("omen"),
        "{text}"
    );
}

proptest! {
    /// No text breaks it, and the planted names never come through, whatever stands around them.
    #[test]
    fn planted_names_do_not_come_through(before in ".{0,20}", after in "[^a-zA-Z0-9@._-].{0,20}", which in 0..4usize) {
        let names = names("s");
        let name = ["git.corp.example/team", "/home/jane/x", "10.1.2.3", "nexus.corp.example:8443"][which];
        let text = names.text(&format!("{before} {name}{after}"));
        for hidden in ["corp", "jane", "10.1.2.3", "nexus", "team"] {
            let elsewhere = before.contains(hidden) || after.contains(hidden);
            prop_assert!(elsewhere || !text.contains(hidden), "{}", text);
        }
    }
}
