use super::super::observe::Server;
use super::*;
use crate::proxy::transport::{Address, Failure};
use std::net::IpAddr;

fn seen(status: u16, date: &str, body: &'static str) -> Seen {
    Seen {
        status,
        status_text: status.to_string(),
        headers: [("date".to_owned(), date.to_owned())].into(),

        body: bytes::Bytes::from_static(body.as_bytes()),
        took: Duration::from_millis(20),
        ..Seen::default()
    }
}

/// A server where all is well; its zip is one that it does not have.
fn observed(list: Result<Seen, Trouble>) -> Observed {
    let address = |path: &str| Address::parse(&format!("https://m.example/{path}")).unwrap();
    Observed {
        server: Server {
            shown: "https://m.example".into(),
            public: true,
            list: address("a"),
            zip: address("b"),
        },
        proxy: None,
        host: "m.example".into(),
        names: None,
        tcp: Vec::new(),
        direct: Vec::new(),
        certificate: None,
        list,
        zip: Ok(seen(404, "", "")),
    }
}

fn ids(seen: &Observed) -> Vec<&'static str> {
    let verdict = conclude(seen, probe::http_date(NOW).unwrap());
    verdict.findings.iter().map(|f| f.id).collect()
}

const NOW: &str = "Tue, 15 Nov 1994 08:12:31 GMT";

#[test]
fn answers() {
    for (status, date, body, id) in [
        (200, NOW, "v0.1.0\n", None),
        (404, NOW, "not found", None),
        (200, NOW, " <!doctype html>", Some("captive-portal")),
        (401, NOW, "", Some("auth-required")),
        (403, NOW, "", Some("access-denied")),
        (407, NOW, "", Some("http-proxy-failed")),
        (503, NOW, "", Some("server-error")),
        (200, "Tue, 15 Nov 1994 09:12:31 GMT", "", Some("clock-skew")),
        (200, "Tue, 15 Nov 1994 07:12:31 GMT", "", Some("clock-skew")),
        (200, "yesterday", "", None),
    ] {
        let found = ids(&observed(Ok(seen(status, date, body))));
        assert_eq!(found, Vec::from_iter(id), "{status} {date}");
    }
}

#[test]
fn a_zip_that_only_the_redirect_keeps_back() {
    let mut all = observed(Ok(seen(200, NOW, "v0.1.0\n")));
    let mut denied = seen(403, NOW, "");
    denied.way.redirected_to = Some("storage.example".into());
    all.zip = Ok(denied);
    assert_eq!(ids(&all), ["redirect-host-blocked"]);
    let way = Way {
        redirected_to: Some("storage.example".into()),
        ..Way::default()
    };
    all.zip = Err(Trouble::Failed(Box::new(Failure {
        class: Class::Refused,
        reason: "connecting to storage.example: connection refused".into(),
        way,
    })));
    let verdict = conclude(&all, probe::http_date(NOW).unwrap());
    assert_eq!(verdict.findings[0].id, "connect-refused");
    assert!(verdict.findings[0].what.starts_with("storage.example, where "));
}

#[test]
fn what_is_told_of_a_name() {
    let some = || Reply::Addresses(vec![[10, 0, 0, 1].into()]);
    let known = || Some(Ok(vec![IpAddr::from([10, 0, 0, 1])]));
    let again = || {
        Some(Err((
            Class::Resolve,
            "temporary failure in name resolution".into(),
        )))
    };
    let none = || Some(Err((Class::NoSuchHost, "name or service not known".into())));
    let servfail = || Reply::Failed("SERVFAIL".into());
    for (system, replies, line, id) in [
        (known(), vec![some()], "files dns", None),
        (known(), vec![], "files dns", None),
        (
            known(),
            vec![some(), Reply::Silent],
            "files dns",
            Some("name-server-faulty"),
        ),
        (
            known(),
            vec![some(), servfail()],
            "files dns",
            Some("name-server-faulty"),
        ),
        (
            known(),
            vec![Reply::NoSuchName],
            "files dns",
            Some("dns-disagreement"),
        ),
        (
            none(),
            vec![Reply::NoSuchName],
            "files dns",
            Some("dns-no-such-host"),
        ),
        (none(), vec![], "files dns", Some("dns-no-such-host")),
        (none(), vec![some()], "files", Some("nsswitch-without-dns")),
        (none(), vec![some()], "files dns", Some("dns-disagreement")),
        (again(), vec![servfail()], "files dns", Some("dns-server-failure")),
        (again(), vec![Reply::Silent], "files dns", Some("dns-no-answer")),
        (
            None,
            vec![Reply::Silent, Reply::Silent],
            "files dns",
            Some("dns-no-answer"),
        ),
        (None, vec![], "files dns", Some("dns-no-answer")),
        (again(), vec![Reply::Nobody], "files dns", Some("dns-no-answer")),
        (
            again(),
            vec![Reply::NoRoute],
            "files dns",
            Some("network-unreachable"),
        ),
        (
            again(),
            vec![Reply::NoRoute, Reply::Silent],
            "files dns",
            Some("dns-no-answer"),
        ),
    ] {
        let mut verdict = Verdict::default();
        let server = |reply| (IpAddr::from([10, 0, 0, 53]), reply);
        let names = Names {
            system,
            servers: replies.into_iter().map(server).collect(),
            hosts_line: Some(line.into()),
        };
        let resolved = super::names("m.example", &names, &mut verdict);
        let found: Vec<_> = verdict.findings.iter().map(|f| f.id).collect();
        assert_eq!(found, Vec::from_iter(id), "{names:?}");
        assert!(resolved || names.known().is_empty(), "{names:?}");
    }
}

#[test]
fn a_name_that_fails_is_told_once() {
    let trouble = Trouble::Failed(Box::new(Failure {
        class: Class::Resolve,
        reason: "lookup m.example: temporary failure".into(),
        way: Way::default(),
    }));
    let mut all = observed(Err(trouble));
    assert_eq!(ids(&all), ["dns-no-answer"]);
    all.names = Some(Names {
        servers: vec![([10, 0, 0, 53].into(), Reply::Failed("SERVFAIL".into()))],
        ..Names::default()
    });
    assert_eq!(ids(&all), ["dns-server-failure"]);
}

#[test]
fn families() {
    let tried = |address: &str, outcome: Option<Result<u64, io::ErrorKind>>| Tried {
        address: address.parse().unwrap(),
        outcome: outcome.map(|o| o.map(Duration::from_millis).map_err(io::Error::from)),
    };
    let (v4, v6) = ("10.0.0.1:443", "[fd00::1]:443");
    for (tcp, id) in [
        (vec![tried(v4, Some(Ok(1))), tried(v6, Some(Ok(1)))], None),
        (
            vec![tried(v4, Some(Ok(1))), tried(v6, None)],
            Some("ipv6-black-hole"),
        ),
        (
            vec![tried(v4, None), tried(v6, Some(Ok(1)))],
            Some("ipv4-black-hole"),
        ),
        (
            vec![
                tried(v4, Some(Ok(1))),
                tried(v6, Some(Err(io::ErrorKind::NetworkUnreachable))),
            ],
            None,
        ),
        (
            vec![tried(v4, Some(Err(io::ErrorKind::PermissionDenied)))],
            Some("connect-forbidden"),
        ),
    ] {
        let mut all = observed(Ok(seen(200, NOW, "v0.1.0\n")));
        all.tcp = tcp;
        assert_eq!(ids(&all), Vec::from_iter(id), "{:?}", all.tcp);
    }
}

#[test]
fn certificates() {
    let now = probe::http_date(NOW).unwrap();
    let days = |n: u64| Duration::from_secs(n * 24 * 3600);
    let certificate = |public: bool, left: u64, refused: Option<&str>| Certificate {
        issuer: "Example Corp, Inspection CA".into(),
        begins: now - days(30),
        ends: now + days(left),
        public,
        refused: refused.map(str::to_owned),
    };
    for (certificate, id) in [
        (certificate(true, 60, None), None),
        (certificate(true, 3, None), Some("certificate-expires")),
        (certificate(false, 60, None), Some("tls-inspected")),
    ] {
        let mut all = observed(Ok(seen(200, NOW, "v0.1.0\n")));
        all.certificate = Some(certificate);
        assert_eq!(ids(&all), Vec::from_iter(id));
    }
    let trouble = Trouble::Failed(Box::new(Failure {
        class: Class::UnknownIssuer,
        reason: "failed to verify".into(),
        way: Way::default(),
    }));
    let mut all = observed(Err(trouble));
    all.certificate = Some(certificate(false, 60, Some("UnknownIssuer")));
    let verdict = conclude(&all, now);
    assert_eq!(verdict.findings[0].id, "tls-intercepted");
    assert!(
        verdict.findings[0]
            .evidence
            .contains("signed by Example Corp, Inspection CA")
    );
}
