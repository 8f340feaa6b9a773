//! Faults of the ground that builds stand on: names, packets, file systems. Each is planted in namespaces of its own,
//! found by its id, and named as the first layer that fails.

use super::doctor::{findings, sound};
use crate::support::Sandbox;
use gosteady::drill::{Fault, Server, Store};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// A link on which every packet vanishes, and the default route over it.
const VOID: &str = "ip link set lo up && ip link add void type bridge && \
    ip addr add 10.9.0.2/24 dev void && ip -6 addr add fd09::2/64 dev void nodad && ip link set void up && \
    ip route add default via 10.9.0.1 && ip -6 route add default via fd09::1 && \
    ip neigh add 10.9.0.1 lladdr 02:00:00:00:00:99 dev void && \
    ip -6 neigh add fd09::1 lladdr 02:00:00:00:00:99 dev void";

/// Runs something on a thread that has a network and mounts of its own, prepared by a script; `None` where that is
/// forbidden, which is said.
fn apart<T: Send>(test: &str, script: &str, work: impl FnOnce() -> T + Send) -> Option<T> {
    let alone = || {
        // SAFETY: changes namespaces of this thread alone, and of what it starts.
        if unsafe { libc::unshare(libc::CLONE_NEWNET | libc::CLONE_NEWNS) } != 0 {
            skipped!("{test}: namespaces are forbidden here");
            return None;
        }
        let whole = format!("mount --make-rprivate / && {script}");
        let made = Command::new("/bin/sh").args(["-c", &whole]).output().ok()?;
        if !made.status.success() {
            let why = String::from_utf8_lossy(&made.stderr).into_owned();
            skipped!("{test}: {}", why.lines().next().unwrap_or("no ground"));
            return None;
        }
        Some(work())
    };
    std::thread::scope(|scope| scope.spawn(alone).join().unwrap())
}

/// A file that stands in for one of the system's.
fn instead(sandbox: &Sandbox, of: &str, text: &str) -> String {
    let file = sandbox.path(&of.replace('/', "-"));
    std::fs::write(&file, text).unwrap();
    format!("mount --bind {} {of}", file.display())
}

/// The first finding, and the line that names it.
#[track_caller]
fn first(sandbox: &Sandbox, layer: &str, id: &str) {
    let ended = sandbox.gosteady(&["doctor", "--json"]);
    let found = findings(&ended);
    let json: serde_json::Value = serde_json::from_str(&ended.out()).unwrap();
    let headline = json["headline"].as_str().unwrap();
    assert!(
        found.first().is_some_and(|(l, i, _)| l == layer && i == id),
        "{id}: {found:?}"
    );
    assert!(headline.contains(&format!(": {layer} (")), "{headline}");
}

/// A mirror that this machine reaches over the network.
fn far(test: &str) -> Option<Sandbox> {
    let (mut sandbox, _) = sound(test)?;
    sandbox.set("GOPROXY", "http://mirror.test");
    sandbox.set("GOSTEADY_PROXY_PUBLIC", "mirror.test");
    Some(sandbox)
}

fn network(test: &str, id: &str, script: impl FnOnce(&Sandbox) -> String) {
    let Some(sandbox) = far(test) else { return };
    let script = script(&sandbox);
    apart(test, &script, || {
        let found = findings(&sandbox.gosteady(&["doctor", "--json"]));
        let of_network: Vec<_> = found.iter().filter(|(layer, ..)| layer == "network").collect();
        let ids: Vec<_> = of_network.iter().map(|(_, id, _)| id.as_str()).collect();
        assert_eq!(ids, [id]);
    });
}

const HOSTS: &str = "127.0.0.1 localhost\n10.8.0.1 mirror.test\n";

#[test]
fn name_servers_are_silent() {
    network("name_servers_are_silent", "dns-no-answer", |sandbox| {
        let resolv = instead(sandbox, "/etc/resolv.conf", "nameserver 10.9.0.1\n");
        format!("{VOID} && {resolv}")
    });
}

#[test]
fn nobody_serves_names() {
    network("nobody_serves_names", "dns-no-answer", |sandbox| {
        let resolv = instead(sandbox, "/etc/resolv.conf", "nameserver 127.0.0.9\n");
        format!("ip link set lo up && {resolv}")
    });
}

#[test]
fn packets_are_dropped() {
    network("packets_are_dropped", "connect-no-answer", |sandbox| {
        format!("{VOID} && {}", instead(sandbox, "/etc/hosts", HOSTS))
    });
}

#[test]
fn no_route() {
    network("no_route", "network-unreachable", |sandbox| {
        instead(sandbox, "/etc/hosts", HOSTS)
    });
}

#[test]
fn a_forbidden_connection() {
    network("a_forbidden_connection", "connect-forbidden", |sandbox| {
        let hosts = instead(sandbox, "/etc/hosts", HOSTS);
        format!("{VOID} && ip route add prohibit 10.8.0.1 && {hosts}")
    });
}

#[test]
fn ipv6_is_a_black_hole() {
    let test = "ipv6_is_a_black_hole";
    let Some(mut sandbox) = far(test) else { return };
    let both = instead(
        &sandbox,
        "/etc/hosts",
        "127.0.0.1 mirror.test\nfd08::1 mirror.test\n",
    );
    apart(test, &format!("{VOID} && {both}"), || {
        let server = Server::start(Store::synthetic(2, 2), Fault::Good).unwrap();
        sandbox.set("GOPROXY", server.url().replace("127.0.0.1", "mirror.test"));
        let ended = sandbox.gosteady(&["doctor", "--json"]);
        let found = findings(&ended);
        let ids: Vec<_> = found.iter().map(|(_, id, _)| id.as_str()).collect();
        assert_eq!(ids, ["ipv6-black-hole"], "{}", ended.out());
    });
}

#[test]
fn a_full_cache() {
    cache("a_full_cache", "cache-space", |cache| {
        format!(
            "mount -t tmpfs -o size=64k tmpfs {cache} && \
             {{ dd if=/dev/zero of={cache}/filler bs=4k count=64 2>/dev/null; true; }}"
        )
    });
}

#[test]
fn a_read_only_cache() {
    cache("a_read_only_cache", "cache-not-writable", |cache| {
        format!("mount -t tmpfs -o ro tmpfs {cache}")
    });
}

fn cache(test: &str, id: &str, script: impl FnOnce(&str) -> String) {
    let Some((sandbox, _server)) = sound(test) else {
        return;
    };
    let script = script(sandbox.modcache().to_str().unwrap());
    apart(test, &script, || {
        let ended = sandbox.gosteady(&["doctor", "--offline", "--json"]);
        let json: serde_json::Value = serde_json::from_str(&ended.out()).unwrap();
        let found = &json["layers"][3]["findings"];
        assert_eq!(found[0]["id"], id, "{found:#}");
        let headline = json["headline"].as_str().unwrap();
        assert!(
            headline.starts_with("The first layer that fails: caches"),
            "{headline}"
        );
    });
}

#[test]
fn programs_may_not_run_in_tmp() {
    let test = "programs_may_not_run_in_tmp";
    let Some((sandbox, _server)) = sound(test) else {
        return;
    };
    let tmp = sandbox.path("tmp");
    let script = format!("mount -t tmpfs -o noexec,size=2g tmpfs {}", tmp.display());
    apart(test, &script, || first_offline(&sandbox, "cache-noexec"));
}

fn first_offline(sandbox: &Sandbox, id: &str) {
    let found = findings(&sandbox.gosteady(&["doctor", "--offline", "--json"]));
    let ids: Vec<_> = found.iter().map(|(_, id, _)| id.as_str()).collect();
    assert_eq!(ids, [id]);
}

#[test]
fn a_cache_of_another_user() {
    let test = "a_cache_of_another_user";
    let Some((sandbox, _server)) = sound(test) else {
        return;
    };
    let below = sandbox.modcache().join("cache");
    std::fs::create_dir(&below).unwrap();
    if std::os::unix::fs::chown(&below, Some(12345), None).is_err() {
        skipped!("{test}: only root gives files away");
        return;
    }
    first_offline(&sandbox, "cache-foreign-owner");
    std::os::unix::fs::chown(sandbox.modcache(), Some(12345), None).unwrap();
    first_offline(&sandbox, "cache-foreign-owner");
}

/// What stands on the way is looked at alone: a directory that anybody may write to is the first layer that fails,
/// also where the network fails too.
#[test]
fn the_first_of_two_faults_is_named() {
    let Some((mut sandbox, _server)) = sound("the_first_of_two_faults_is_named") else {
        return;
    };
    let refused = Server::start(Store::synthetic(2, 2), Fault::Refused).unwrap();
    sandbox.set("GOPROXY", refused.url());
    first(&sandbox, "network", "connect-refused");
    let open = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(sandbox.modcache(), open).unwrap();
    first(&sandbox, "caches", "cache-world-writable");
}
