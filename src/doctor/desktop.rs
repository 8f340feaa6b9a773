//! Proxy settings of the desktop, which go does not read: a PAC file or a proxy set by hand.

use super::check::Verdict;
use super::program::{self, AtBound};
use super::subject::Subject;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// How long the settings service may take.
const BOUND: Duration = Duration::from_secs(2);

/// Looks where the desktops keep it, unless the environment names a proxy anyway.
pub fn look(subject: &Subject) -> Verdict {
    let mut verdict = Verdict::default();
    let set = |name: &str| subject.world.set_var(name).is_some();
    if set("HTTPS_PROXY") || set("https_proxy") {
        return verdict;
    }
    let variable = subject
        .world
        .text("auto_proxy")
        .map(|url| ("auto_proxy".to_owned(), url.to_owned()));
    let found = variable.or_else(|| kde(subject)).or_else(|| gnome(subject));
    if let Some((place, url)) = found {
        verdict.found(
            "pac-file",
            "the desktop's proxy settings are not go's",
            format!("{place}: {}", crate::trace::redact::text(&url)),
            "ask for the proxy behind it, and export HTTPS_PROXY=http://HOST:PORT",
        );
    }
    verdict
}

fn kde(subject: &Subject) -> Option<(String, String)> {
    let config = match subject.world.set_var("XDG_CONFIG_HOME") {
        Some(dir) => dir.into(),
        None => subject.world.home()?.join(".config"),
    };
    let file = config.join("kioslaverc");
    let text = std::fs::read_to_string(&file).ok()?;
    Some((file.display().to_string(), kioslaverc(&text)?))
}

/// The address in KDE's file. Source: kio's KProtocolManager: ProxyType 2 is a script, 1 a proxy set by hand.
fn kioslaverc(text: &str) -> Option<String> {
    let section = text.split("[Proxy Settings]").nth(1)?;
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    let lines: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once('=')).collect();
    let value = |key: &str| lines.iter().find(|(k, _)| *k == key).map(|(_, v)| v.trim());
    let address = match value("ProxyType")? {
        "2" => value("Proxy Config Script"),
        "1" => value("httpsProxy"),
        _ => None,
    };
    address.filter(|url| !url.is_empty()).map(str::to_owned)
}

fn gnome(subject: &Subject) -> Option<(String, String)> {
    // Without a session there is nobody to ask, and the program would wait for one.
    subject.world.set_var("DBUS_SESSION_BUS_ADDRESS")?;
    let gsettings = subject.world.program("gsettings")?;
    let ask = |schema: &str, key: &str| {
        let mut command = Command::new(&gsettings);
        command
            .args(["get", schema, key])
            .env_clear()
            .envs(subject.world.env.iter().rev().cloned())
            .current_dir(Path::new("/"));
        let ended = program::run(&mut command, BOUND, AtBound::End)
            .ok()
            .filter(program::Ended::well)?;
        let value = ended.stdout.trim().trim_matches('\'').to_owned();
        (!value.is_empty()).then_some(value)
    };
    let (schema, key) = match ask("org.gnome.system.proxy", "mode")?.as_str() {
        "auto" => ("org.gnome.system.proxy", "autoconfig-url"),
        "manual" => ("org.gnome.system.proxy.https", "host"),
        _ => return None,
    };
    Some((format!("gsettings get {schema} {key}"), ask(schema, key)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kde_s_file() {
        let file = |kind: &str| {
            format!(
                "[X]\nProxyType=2\n[Proxy Settings]\nProxyType={kind}\nProxy Config Script=http://wpad/p.pac\n\
                 httpsProxy=http://p 3128\n[Y]\na=b\n"
            )
        };
        assert_eq!(kioslaverc(&file("2")).as_deref(), Some("http://wpad/p.pac"));
        assert_eq!(kioslaverc(&file("1")).as_deref(), Some("http://p 3128"));
        assert_eq!(kioslaverc(&file("0")), None);
        assert_eq!(kioslaverc("ProxyType=2\n"), None);
    }
}
