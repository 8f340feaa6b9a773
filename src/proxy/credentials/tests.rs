//! The whole of it, with helpers that are shell scripts.

use super::*;
use std::path::PathBuf;

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Home {
        Home(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_string()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn credentials(&self, goauth: &str) -> Credentials {
        let home = self.0.path();
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", home.display());
        Credentials::new(
            goauth,
            Arc::new(World {
                env: vec![("HOME".into(), home.into()), ("PATH".into(), path.into())],
                cwd: Some(home.into()),
                ..World::default()
            }),
        )
    }
}

fn at(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn shown(headers: &Headers) -> Vec<String> {
    headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.expose()))
        .collect()
}

#[tokio::test]
async fn netrc_serves_https_alone_and_the_first_entry_wins() {
    let home = Home::new();
    home.write(
        ".netrc",
        "machine h.org login u password p\nmachine h.org login v password q\n",
    );
    let credentials = home.credentials("");
    let expected = ["Authorization: Basic dTpw"];
    assert_eq!(
        shown(&credentials.headers(&at("https://h.org/mod")).await),
        expected
    );
    assert!(credentials.headers(&at("http://h.org/mod")).await.is_empty());
    assert!(credentials.headers(&at("https://h.org:8443/")).await.is_empty());
    let sent = credentials.headers(&at("https://h.org/mod")).await;
    let again = credentials
        .ask_again(&at("https://h.org/mod"), "HTTP/1.1 404 Not Found", &[], &sent)
        .await;
    assert!(again.is_none());
    assert!(
        home.credentials("off")
            .headers(&at("https://h.org/mod"))
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn userinfo_is_used_alone() {
    let home = Home::new();
    home.write(".netrc", "machine h.org login u password p\n");
    let headers = home
        .credentials("netrc")
        .headers(&at("https://x:y%40z@h.org/"))
        .await;
    assert_eq!(shown(&headers), ["Authorization: Basic eDp5QHo="]);
}

#[tokio::test]
async fn a_helper_runs_once_and_again_with_the_answer() {
    let home = Home::new();
    let helper = home.write(
        "helper.sh",
        "echo run \"$@\" >> log; cat >> log; printf 'https://h.org\\n\\nX-Token: %s\\n\\n' \"$#\"\n",
    );
    let credentials = home.credentials(&format!("sh {helper} fixed"));
    let address = at("https://h.org/m?secret=1");
    let (one, two) = tokio::join!(credentials.headers(&address), credentials.headers(&address));
    assert_eq!(
        (shown(&one), shown(&two)),
        (vec!["X-Token: 1".into()], vec!["X-Token: 1".to_string()])
    );
    assert_eq!(home.read("log"), "run fixed\n");
    let head = [("www-authenticate".to_string(), "Basic".to_string())];
    let again = credentials
        .ask_again(&address, "HTTP/1.1 401 Unauthorized", &head, &one)
        .await;
    assert_eq!(shown(&again.unwrap()), ["X-Token: 2"]);
    let told = "run fixed https://h.org/m\nHTTP/1.1 401 Unauthorized\nwww-authenticate: Basic\n\n";
    assert!(home.read("log").ends_with(told));
    // The same once more: nothing new to send.
    let sent = credentials.headers(&address).await;
    assert!(
        credentials
            .ask_again(&address, "HTTP/1.1 401 Unauthorized", &head, &sent)
            .await
            .is_none()
    );
}

#[tokio::test]
async fn earlier_items_win_and_failing_ones_are_passed_over() {
    let home = Home::new();
    home.write(".netrc", "machine h.org login u password p\n");
    let other = home.write("other.sh", "printf 'https://h.org\\n\\nX: other\\n\\n'\n");
    let broken = home.write(
        "broken.sh",
        "printf 'https://h.org\\n\\nX: broken\\n\\n'; exit 1\n",
    );
    let garbled = home.write("garbled.sh", "echo what\n");
    let first = home.credentials(&format!("netrc;sh {other}"));
    assert_eq!(
        shown(&first.headers(&at("https://h.org")).await),
        ["Authorization: Basic dTpw"]
    );
    let second = home.credentials(&format!("sh {broken};sh {garbled};sh {other};netrc"));
    assert_eq!(shown(&second.headers(&at("https://h.org")).await), ["X: other"]);
}

#[tokio::test]
async fn a_helper_that_hangs_is_gone_on_without() {
    let home = Home::new();
    home.write(".netrc", "machine h.org login u password p\n");
    let stuck = home.write("stuck.sh", "exec sleep 600\n");
    let mut credentials = home.credentials(&format!("netrc;sh {stuck}"));
    credentials.bound = Duration::from_millis(50);
    assert_eq!(
        shown(&credentials.headers(&at("https://h.org")).await),
        ["Authorization: Basic dTpw"]
    );
}

#[tokio::test]
async fn a_netrc_that_is_a_pipe_is_read_while_somebody_writes() {
    let with_pipe = || {
        let home = Home::new();
        nix::unistd::mkfifo(&home.path(".netrc"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        home
    };
    let silent = with_pipe();
    let mut credentials = silent.credentials("netrc");
    credentials.bound = Duration::from_millis(50);
    assert!(credentials.headers(&at("https://h.org")).await.is_empty());
    let home = with_pipe();
    let pipe = home.path(".netrc");
    let writer =
        std::thread::spawn(move || std::fs::write(pipe, "machine h.org login u password p\n").unwrap());
    let headers = home.credentials("netrc").headers(&at("https://h.org")).await;
    assert_eq!(shown(&headers), ["Authorization: Basic dTpw"]);
    writer.join().unwrap();
}

#[tokio::test]
async fn git_is_asked_only_with_an_address() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let script = "#!/bin/sh\ncat >> asked\necho \"$@\" >> asked\nprintf 'protocol=https\\nhost=h.org\\n'\n\
                  printf 'username=u\\npassword=p\\n'\n";
    let git = home.write("git", script);
    std::fs::set_permissions(&git, std::fs::Permissions::from_mode(0o755)).unwrap();
    let credentials = home.credentials(&format!("git {}", home.0.path().display()));
    let address = at("https://h.org/m");
    assert!(credentials.headers(&address).await.is_empty());
    assert_eq!(home.read("asked"), "");
    let head = &Headers::new();
    let again = credentials
        .ask_again(&address, "HTTP/1.1 401 Unauthorized", &[], head)
        .await;
    assert_eq!(shown(&again.unwrap()), ["Authorization: Basic dTpw"]);
    assert_eq!(home.read("asked"), "url=https://h.org/m\ncredential fill\n");
    assert!(
        credentials
            .ask_again(&at("https://o.org/"), "HTTP/1.1 401 X", &[], head)
            .await
            .is_none()
    );
}
