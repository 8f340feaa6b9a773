//! Planted faults: found by id, and named first where they come first.

use crate::support::{Ended, Sandbox, real_go};
use gosteady::drill::{Fault, Server, Store};
use serde_json::Value;

/// A sandbox in which nothing is wrong, and the mirror it uses.
pub fn sound(test: &str) -> Option<(Sandbox, Server)> {
    let store = Store::synthetic(2, 2);
    let server = Server::start(store.clone(), Fault::Good).unwrap();
    let mut sandbox = Sandbox::with(&real_go(test)?, &store);
    // No shell of the machine's, and a checksum database that nobody has to reach.
    sandbox.unset("SHELL").set("GOPROXY", server.url());
    sandbox.set("GOSUMDB", "sum.example.invalid https://sum.example.invalid");
    Some((sandbox, server))
}

/// Every finding as (layer, id, level).
pub fn findings(ended: &Ended) -> Vec<(String, String, String)> {
    let json: Value = serde_json::from_str(&ended.out()).unwrap_or_else(|e| panic!("{e}: {}", ended.out()));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let layers = json["layers"].as_array().unwrap().iter();
    layers
        .flat_map(|layer| {
            let findings = layer["findings"].as_array().unwrap().iter();
            findings.map(|f| (text(&layer["layer"]), text(&f["id"]), text(&f["level"])))
        })
        .filter(|(_, id, _)| !id.starts_with("cache-space"))
        .collect()
}

#[test]
fn a_sound_machine_has_no_findings() {
    let Some((sandbox, _server)) = sound("a_sound_machine_has_no_findings") else {
        return;
    };
    let ended = sandbox.gosteady(&["doctor", "--json"]);
    assert_eq!(findings(&ended), [], "{}", ended.out());
    assert_eq!(ended.err(), "");
    let text = sandbox.gosteady(&["doctor", "--offline"]);
    assert!(text.out().starts_with("Nothing is wrong"), "{}", text.out());
    text.expect(0);
}

#[test]
fn each_planted_fault_is_found_in_its_layer() {
    let test = "each_planted_fault_is_found_in_its_layer";
    type Planted<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);
    let cases: &[Planted] = &[
        (&[("PATH", "/usr/bin:/bin")], "toolchain", "shim-not-on-path"),
        (&[("GOROOT", "/usr")], "toolchain", "goroot-foreign"),
        (&[("GO111MODULE", "off")], "module", "modules-off"),
        (&[("GOLOGGING", "debug")], "configuration", "variable-unknown"),
        (&[("GORPOXY", "https://a")], "configuration", "variable-unknown"),
        (&[("GOFLAGS", "mod=vendor")], "configuration", "goflags-broken"),
        (&[("GOSUMDB", "off")], "configuration", "sumdb-off"),
        (&[("GONOSUMDB", "*")], "configuration", "sumdb-off"),
        (&[("GOINSECURE", "*")], "configuration", "insecure-everything"),
        (
            &[("GOPROXY", "htp://proxy.example,direct")],
            "configuration",
            "goproxy-broken",
        ),
        (&[("GOPROXY", "off")], "configuration", "goproxy-off"),
        (
            &[("HTTP_PROXY", "http://proxy.example:3128")],
            "configuration",
            "https-proxy-missing",
        ),
        (
            &[("HTTPS_PROXY", "htp://proxy.example")],
            "configuration",
            "proxy-variable-broken",
        ),
        (
            &[("NO_PROXY", "https://corp.example")],
            "configuration",
            "no-proxy-entry",
        ),
        (
            &[("GOSTEADY_PATIENCE", "soon")],
            "configuration",
            "config-bad-value",
        ),
        (&[("GOTOOLCHAIN", "go1.2.3")], "toolchain", "pin-not-installed"),
        (&[("GOVCS", "git")], "configuration", "govcs-broken"),
        (
            &[("auto_proxy", "http://wpad/proxy.pac")],
            "configuration",
            "pac-file",
        ),
        (&[("GOCACHE", "relative")], "caches", "cache-not-absolute"),
        (
            &[("GOAUTH", "no-such-helper-of-mine")],
            "credentials",
            "goauth-helper-missing",
        ),
    ];
    for (env, layer, id) in cases {
        let Some((mut sandbox, _server)) = sound(test) else {
            return;
        };
        for (name, value) in *env {
            sandbox.set(name, value);
        }
        let ended = sandbox.gosteady(&["doctor", "--offline", "--json"]);
        ended.expect(1);
        let found = findings(&ended);
        assert!(
            found.iter().any(|(l, i, _)| l == layer && i == id),
            "{env:?}: {found:?}"
        );
    }
}

#[test]
fn a_server_that_fails_is_told_from_one_that_is_not_there() {
    let test = "a_server_that_fails_is_told_from_one_that_is_not_there";
    let Some((mut sandbox, _server)) = sound(test) else {
        return;
    };
    for (fault, id) in [
        (Fault::Refused, "connect-refused"),
        (Fault::NoSuchHost, "dns-no-such-host"),
        (Fault::status(503), "server-error"),
        (Fault::status(403), "access-denied"),
        (Fault::CaptivePortal, "captive-portal"),
        (Fault::RedirectLoop, "bad-redirect"),
        (Fault::Reset { after: 0 }, "connection-reset"),
    ] {
        let server = Server::start(Store::synthetic(2, 2), fault.clone()).unwrap();
        sandbox.set("GOPROXY", format!("{},direct", server.url()));
        let ended = sandbox.gosteady(&["doctor", "--json"]);
        let found = findings(&ended);
        assert_eq!(found.len(), 1, "{fault:?}: {found:?}");
        assert_eq!(
            (found[0].0.as_str(), found[0].1.as_str()),
            ("network", id),
            "{fault:?}"
        );
        let text = sandbox.gosteady(&["doctor"]);
        assert!(
            text.expect(1)
                .out()
                .starts_with("The first layer that fails: network"),
            "{}",
            text.out()
        );
    }
}

#[test]
fn the_way_of_one_module() {
    let Some((sandbox, server)) = sound("the_way_of_one_module") else {
        return;
    };
    let known = Store::synthetic(2, 2);
    let module = known.modules()[0].path.clone();
    let ended = sandbox.gosteady(&["doctor", "--module", &module, "--json"]);
    assert_eq!(findings(&ended), [], "{}", ended.out());
    for (asked, id) in [
        (format!("{}@v3.0.0", module), "module-major"),
        (module.to_uppercase(), "module-case"),
        ("example.invalid/nowhere".to_owned(), "module-not-found"),
    ] {
        let ended = sandbox.gosteady(&["doctor", "--module", &asked, "--json"]);
        let found = findings(&ended);
        assert_eq!(found.len(), 1, "{asked}: {found:?}");
        assert_eq!(
            (found[0].0.as_str(), found[0].1.as_str()),
            ("dependencies", id),
            "{asked}"
        );
    }
    server.set_fault(Fault::status(503));
    let ended = sandbox.gosteady(&["doctor", "--module", "example.invalid/nowhere", "--json"]);
    let ids: Vec<_> = findings(&ended).into_iter().map(|(_, id, _)| id).collect();
    assert!(ids.contains(&"module-unanswered".to_owned()), "{ids:?}");
    assert!(!ids.contains(&"module-not-found".to_owned()), "{ids:?}");
}

#[test]
fn private_names_are_told_to_nobody_and_found() {
    let Some((mut sandbox, server)) = sound("private_names_are_told_to_nobody_and_found") else {
        return;
    };
    let gomod = sandbox.project().join("go.mod");
    let text = std::fs::read_to_string(&gomod).unwrap();
    std::fs::write(&gomod, format!("{text}\nrequire git.corp/team/secret v1.0.0\n")).unwrap();
    sandbox.set("GOSTEADY_PROXY_PUBLIC", server.url().replace("http://", ""));
    let found = findings(&sandbox.gosteady(&["doctor", "--offline", "--json"]));
    assert!(
        found
            .iter()
            .any(|(_, id, level)| id == "private-name-to-public-mirror" && level == "error"),
        "{found:?}"
    );
    sandbox.set("GOPRIVATE", "git.corp");
    let asked = server.requests().len();
    let found = findings(&sandbox.gosteady(&["doctor", "--module", "git.corp/team/secret", "--json"]));
    // git asks the private host itself.
    let of_module = found.iter().filter(|(layer, ..)| layer == "dependencies");
    let ids: Vec<_> = of_module.map(|(_, id, _)| id.as_str()).collect();
    assert_eq!(ids, ["module-unasked"]);
    assert!(
        server.requests()[asked..]
            .iter()
            .all(|request| !request.path.contains("secret"))
    );
}

#[test]
fn two_machines_are_compared_without_secrets() {
    let Some((mut sandbox, _server)) = sound("two_machines_are_compared_without_secrets") else {
        return;
    };
    let file = sandbox.path("laptop.json");
    let file = file.to_str().unwrap().to_owned();
    sandbox.set("HTTPS_PROXY", "http://me:hunter2@proxy.example:3128");
    sandbox
        .gosteady(&["doctor", "--offline", "--save", &file])
        .expect(0);
    assert!(!std::fs::read_to_string(&file).unwrap().contains("hunter2"));
    let same = sandbox.gosteady(&["doctor", "--offline", "--against", &file]);
    assert!(
        same.expect(0).out().starts_with("Nothing differs"),
        "{}",
        same.out()
    );
    sandbox.set("GOFLAGS", "-mod=mod");
    let differs = sandbox.gosteady(&["doctor", "--offline", "--against", &file]);
    let out = differs.expect(1).out();
    assert!(
        out.contains("GOFLAGS\n  there  -modcacherw\n  here   -mod=mod\n"),
        "{out}"
    );
    std::fs::write(&file, "{").unwrap();
    let broken = sandbox.gosteady(&["doctor", "--offline", "--against", &file]);
    assert!(broken.expect(2).err().contains("laptop.json"), "{}", broken.err());
}

#[test]
fn pins_that_disagree_and_a_go_that_is_too_old() {
    let Some((sandbox, _server)) = sound("pins_that_disagree_and_a_go_that_is_too_old") else {
        return;
    };
    let gomod = sandbox.project().join("go.mod");
    let text = std::fs::read_to_string(&gomod).unwrap();
    let newer: Vec<_> = text
        .lines()
        .map(|line| if line.starts_with("go ") { "go 1.99" } else { line })
        .collect();
    std::fs::write(&gomod, newer.join("\n")).unwrap();
    let ended = sandbox.gosteady(&["doctor", "--offline", "--json"]);
    let found = findings(&ended);
    assert_eq!(found[0].1, "go-too-old", "{found:?}");
    assert!(ended.out().contains("go.mod:3"), "{}", ended.out());
    std::fs::write(&gomod, text).unwrap();
    std::fs::write(sandbox.project().join(".go-version"), "1.99.1\n").unwrap();
    std::fs::write(sandbox.project().join(".tool-versions"), "golang 1.99.2\n").unwrap();
    let ended = sandbox.gosteady(&["doctor", "--offline", "--json"]);
    let ids: Vec<_> = findings(&ended).into_iter().map(|(_, id, _)| id).collect();
    assert_eq!(ids, ["pin-conflict", "pin-not-installed"], "{}", ended.out());
    assert!(ended.out().contains(".tool-versions:1"), "{}", ended.out());
}

#[test]
fn shims_that_lead_nowhere() {
    let Some((mut sandbox, _server)) = sound("shims_that_lead_nowhere") else {
        return;
    };
    let old = sandbox.path("old");
    std::fs::create_dir(&old).unwrap();
    std::os::unix::fs::symlink("/nonexistent/gosteady", old.join("go")).unwrap();
    let path = sandbox.env()[std::ffi::OsStr::new("PATH")]
        .to_str()
        .unwrap()
        .to_owned();
    sandbox.set("PATH", format!("{}:{path}", old.display()));
    let found = findings(&sandbox.gosteady(&["doctor", "--offline", "--json"]));
    let ids: Vec<_> = found.iter().map(|(_, id, _)| id.as_str()).collect();
    assert_eq!(ids, ["shim-dangling"]);
}

/// A proxy that wants a login is told from a mirror that fails.
#[test]
fn a_proxy_that_wants_a_login() {
    let Some((mut sandbox, _server)) = sound("a_proxy_that_wants_a_login") else {
        return;
    };
    let fault = Fault::Raw("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n".into());
    let proxy = Server::start(Store::synthetic(2, 2), fault).unwrap();
    sandbox.set("GOSUMDB", "off");
    for scheme in ["http", "https"] {
        sandbox.set("GOPROXY", format!("{scheme}://mirror.invalid"));
        sandbox
            .set("HTTP_PROXY", proxy.url())
            .set("HTTPS_PROXY", proxy.url());
        let ended = sandbox.gosteady(&["doctor", "--json"]);
        let found = findings(&ended);
        let of_network: Vec<_> = found.iter().filter(|(layer, ..)| layer == "network").collect();
        assert_eq!(of_network.len(), 1, "{scheme}: {found:?}");
        assert_eq!(of_network[0].1, "http-proxy-failed", "{scheme}");
        assert!(ended.out().contains("407"), "{scheme}: {}", ended.out());
    }
}

#[test]
fn certificates_that_are_not_accepted() {
    let Some((mut sandbox, _server)) = sound("certificates_that_are_not_accepted") else {
        return;
    };
    let (unknown, _) = super::causes::tls_server(|_| {});
    let (expired, root) = super::causes::tls_server(|params| {
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    });
    let file = sandbox.path("root.pem");
    std::fs::write(&file, root).unwrap();
    sandbox
        .set("SSL_CERT_FILE", &file)
        .set("SSL_CERT_DIR", "/nonexistent");
    sandbox.set("GOSUMDB", "off");
    for (address, id, said) in [
        (unknown, "tls-intercepted", "signed by "),
        (expired, "tls-certificate", "until 2002-01-01"),
    ] {
        sandbox.set("GOPROXY", format!("https://{address}"));
        let ended = sandbox.gosteady(&["doctor", "--json"]);
        let found = findings(&ended);
        assert!(
            found.iter().any(|(layer, i, _)| layer == "network" && i == id),
            "{found:?}"
        );
        assert!(ended.out().contains(said), "{}", ended.out());
    }
}

/// Where the mirror itself answers, and the host that it redirects zips to does not.
#[test]
fn a_redirect_host_that_is_blocked() {
    let Some((mut sandbox, _server)) = sound("a_redirect_host_that_is_blocked") else {
        return;
    };
    let store = Store::synthetic(2, 2);
    for (fault, id) in [
        (Fault::status(403), "redirect-host-blocked"),
        (Fault::Refused, "connect-refused"),
    ] {
        let storage = Server::start(store.clone(), fault).unwrap();
        let redirect = Fault::RedirectTo(storage.url()).only(gosteady::drill::Kind::Zip);
        let mirror = Server::start(store.clone(), redirect).unwrap();
        sandbox.set("GOPROXY", mirror.url());
        let ended = sandbox.gosteady(&["doctor", "--json"]);
        let ids: Vec<_> = findings(&ended).into_iter().map(|(_, id, _)| id).collect();
        assert_eq!(ids, [id], "{}", ended.out());
        assert!(ended.out().contains("redirects to"), "{}", ended.out());
    }
}

#[test]
fn private_repositories_are_tried_without_a_prompt() {
    let test = "private_repositories_are_tried_without_a_prompt";
    let locked = super::hangs::stage::locked();
    let Some(mut sandbox) = super::hangs::stage::direct(test, &format!("http://127.0.0.1:{locked}/")) else {
        return;
    };
    sandbox
        .set("GOPRIVATE", "git.test")
        .set("GIT_SSH_COMMAND", "false");
    sandbox.set("GOPROXY", "off").unset("SHELL");
    let ended = sandbox.gosteady(&["doctor", "--json"]);
    let found = findings(&ended);
    let credentials: Vec<_> = found
        .iter()
        .filter(|(layer, ..)| layer == "credentials")
        .collect();
    assert_eq!(credentials.len(), 1, "{found:?}");
    assert_eq!(credentials[0].1, "git-auth-failed");
    assert!(ended.out().contains("(insteadOf)"), "{}", ended.out());
    sandbox.set("GOVCS", "git.test:hg");
    let found = findings(&sandbox.gosteady(&["doctor", "--offline", "--json"]));
    assert!(
        found.iter().any(|(_, id, _)| id == "govcs-forbids-git"),
        "{found:?}"
    );
}

#[test]
fn commands_of_goauth_are_tried_and_their_values_kept() {
    use std::os::unix::fs::PermissionsExt;
    let Some((mut sandbox, _server)) = sound("commands_of_goauth_are_tried_and_their_values_kept") else {
        return;
    };
    let helper = sandbox.path("helper");
    let good = "#!/bin/sh\nprintf 'https://git.corp/\\n\\nAuthorization: Bearer hunter2\\n\\n'\n";
    for (script, id) in [(good, None), ("#!/bin/sh\nexit 3\n", Some("goauth-helper"))] {
        std::fs::write(&helper, script).unwrap();
        std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
        sandbox.set("GOAUTH", &helper);
        let ended = sandbox.gosteady(&["doctor", "--json"]);
        let ids: Vec<_> = findings(&ended).into_iter().map(|(_, id, _)| id).collect();
        assert_eq!(ids, Vec::from_iter(id.map(str::to_owned)), "{}", ended.out());
        assert!(!ended.out().contains("hunter2"), "{}", ended.out());
    }
}
