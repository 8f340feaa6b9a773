//! Secrets without any tell-tale shape are planted wherever a user has them; then every byte that was written is
//! searched for them: as they are, percent-encoded, JSON-escaped, in base64, inside the zip and inside the report.

use crate::support::{Sandbox, real_go};
use gosteady::drill::{Fault, Kind, Server, Store};
use gosteady::gomod::base64::encode as base64;
use gosteady::percent;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Read;
use std::path::Path;

/// Words that look like any other word, and some that need escaping.
struct Canaries {
    seed: u64,
    planted: BTreeMap<&'static str, String>,
}

impl Canaries {
    fn new(seed: u64) -> Canaries {
        eprintln!("seed {seed}");
        Canaries {
            seed,
            planted: BTreeMap::new(),
        }
    }

    /// A new one for this place. `alphabet` has what may stand there.
    fn plant(&mut self, place: &'static str, alphabet: &str) -> String {
        let alphabet: Vec<char> = alphabet.chars().collect();
        let mut word = String::new();
        for _ in 0..14 {
            // Knuth's MMIX generator; its high bits are good enough.
            self.seed = self
                .seed
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            word.push(alphabet[(self.seed >> 33) as usize % alphabet.len()]);
        }
        self.planted.insert(place, word.clone());
        word
    }

    fn found_in(&self, bytes: &[u8], what: &str) -> Vec<String> {
        let text = String::from_utf8_lossy(bytes);
        let mut found = Vec::new();
        for (place, word) in &self.planted {
            for form in forms(word) {
                if text.contains(&form) {
                    found.push(format!("{place} as {form} in {what}"));
                }
            }
        }
        found
    }
}

fn forms(word: &str) -> Vec<String> {
    let encoded = percent::encode(word.as_bytes(), b"");
    let json = serde_json::Value::from(word).to_string();
    let mut forms = vec![
        word.to_string(),
        encoded.to_lowercase(),
        encoded,
        json[1..json.len() - 1].to_string(),
    ];
    for before in ["", "u", "us"] {
        // What stands around it changes the outermost characters.
        let text = base64(format!("{before}{word}").as_bytes());
        let inner = text.trim_end_matches('=');
        forms.push(inner[before.len().min(1) * 2..inner.len() - 2].to_string());
    }
    forms
}

/// A run and everything that can be made of its trace.
fn everything_is_clean(seed: u64, alphabet: &str) {
    let Some(mut sandbox) = Sandbox::fake("secrets") else {
        return;
    };
    let store = Store::synthetic(7, 3);
    store.write_project(&sandbox.project()).expect("the project");
    let mut canaries = Canaries::new(seed);
    let words = "abcdefghijklmnopqrstuvwxyz";
    let redirect = format!(
        "http://{}@127.0.0.1:9/x?signature={}",
        canaries.plant("userinfo of a redirect", words),
        canaries.plant("query of a redirect", words)
    );
    let server = Server::start(store, Fault::RedirectTo(redirect).only(Kind::Zip)).expect("a server");
    let address = server.url().trim_start_matches("http://").to_string();
    let password = canaries.plant("password of GOPROXY", alphabet);
    let token = canaries.plant("token of GOPROXY", words);
    let netrc = canaries.plant("netrc", words);
    let header = canaries.plant("header of git's configuration", words);
    let stored = canaries.plant("git's credentials", words);
    let variable = canaries.plant("variable of a secret's name", alphabet);
    let home = sandbox.path("home");
    let write = |name: &str, text: String| std::fs::write(home.join(name), text).expect("a file");
    write(".netrc", format!("machine 127.0.0.1 login u password {netrc}\n"));
    write(
        ".gitconfig",
        format!("[http]\n\textraHeader = Authorization: Basic {header}\n"),
    );
    write(".git-credentials", format!("https://u:{stored}@git.example\n"));
    sandbox.set(
        "GOPROXY",
        format!(
            "http://u:{}@{address},http://{token}@127.0.0.1:9",
            percent::encode(password.as_bytes(), b"")
        ),
    );
    sandbox.set(
        "GOAUTH",
        format!(
            "netrc; /bin/false {}",
            canaries.plant("argument of GOAUTH", words)
        ),
    );
    sandbox.set(
        "HTTPS_PROXY",
        format!("http://u:{}@127.0.0.1:9", canaries.plant("HTTPS_PROXY", words)),
    );
    sandbox.set("MY_API_TOKEN", &variable);
    sandbox.set("PLAIN", canaries.plant("variable of another name", words));
    sandbox.set(
        "GOFLAGS",
        format!("-ldflags=-X=main.k={}", canaries.plant("GOFLAGS", words)),
    );
    // What go and git may print: with a mark, and without any.
    let said = format!(
        "fatal: https://u:{stored}@git.example: {netrc} {header} {variable} {}\nBasic {}",
        percent::encode(password.as_bytes(), b""),
        base64(format!("u:{password}").as_bytes())
    );
    sandbox.set("FAKEGO_STDERR", said);
    sandbox.set("FAKEGO_EXIT", "1");
    sandbox.set("FAKEGO_FETCH", "/example.com/m00/@v/v1.0.0.zip");
    sandbox.hurry();
    let linker = format!("-X main.key={}", canaries.plant("-ldflags", words));
    let tool = format!("/bin/tool {}", canaries.plant("-toolexec", words));
    sandbox
        .go(&["build", "-ldflags", &linker, "-toolexec", &tool, "."])
        .expect(1);
    sandbox.go(&["run", ".", &canaries.plant("argument of a program", words)]);
    sandbox.go(&["test", ".", "-args", &canaries.plant("argument of a test", words)]);

    let out = sandbox.path("exports");
    std::fs::create_dir(&out).expect("a directory");
    let listed = sandbox.gosteady(&["trace", "list", "-n", "0", "--json"]);
    let mut traces = 0;
    for line in listed.expect(0).out().lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let trace = line["path"].as_str().expect("a path").to_string();
        traces += 1;
        for reveal in [&[][..], &["--reveal"]] {
            for format in ["perfetto", "otlp", "markdown", "html"] {
                let file = out.join(format!("{traces}{}.{format}", reveal.len()));
                let file = file.to_str().expect("UTF-8");
                let args = ["trace", "export", "-f", format, "-o", file, &trace];
                sandbox.gosteady(&[&args[..], reveal].concat()).expect(0);
            }
            let file = out.join(format!("{traces}{}.zip", reveal.len()));
            let args = ["trace", "bundle", "-o", file.to_str().expect("UTF-8"), &trace];
            sandbox.gosteady(&[&args[..], reveal].concat()).expect(0);
        }
    }
    assert!(traces > 0, "no trace was written: {}", listed.err());
    let mut found = Vec::new();
    let mut searched = 0;
    for dir in [sandbox.path("state"), out] {
        search(&dir, &mut |name, bytes| {
            searched += 1;
            found.extend(canaries.found_in(bytes, name));
        });
    }
    assert!(searched > 40, "{searched}");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Every file below a directory, what is in its zips, and the records that are packed in its reports.
fn search(dir: &Path, look: &mut dyn FnMut(&str, &[u8])) {
    for (name, _) in crate::support::tree::files(dir) {
        let path = dir.join(&name);
        let name = path.display().to_string();
        let bytes = std::fs::read(&path).expect("a file");
        inside(&name, &bytes, look);
        if name.ends_with(".zip") {
            let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a zip");
            for i in 0..zip.len() {
                let mut file = zip.by_index(i).expect("a file in it");
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).expect("its bytes");
                let name = format!("{name}/{}", file.name().expect("a name"));
                inside(&name, &bytes, look);
            }
        }
    }
}

fn inside(name: &str, bytes: &[u8], look: &mut dyn FnMut(&str, &[u8])) {
    look(name, bytes);
    if name.ends_with("html") {
        let text = std::str::from_utf8(bytes).expect("UTF-8");
        let packed = text
            .split_once("id=\"packed\">")
            .and_then(|(_, rest)| rest.split_once('<'));
        let bytes = unbase64(packed.expect("the records").0);
        let mut records = String::new();
        flate2::read::GzDecoder::new(&bytes[..])
            .read_to_string(&mut records)
            .expect("gzip");
        assert!(records.contains("\"kind\":\"run\""));
        look(&format!("the records in {name}"), records.as_bytes());
    }
}

fn unbase64(text: &str) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let values: Vec<u32> = text
        .chars()
        .filter_map(|c| ALPHABET.find(c))
        .map(|i| i as u32)
        .collect();
    let mut out = Vec::new();
    for group in values.chunks(4) {
        let bits = group
            .iter()
            .enumerate()
            .fold(0, |bits, (i, v)| bits | v << (18 - 6 * i));
        out.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    out
}

#[test]
fn plain_words_do_not_leak() {
    everything_is_clean(
        RandomState::new().build_hasher().finish(),
        "abcdefghijklmnopqrstuvwxyz",
    );
}

#[test]
fn words_that_need_escaping_do_not_leak() {
    everything_is_clean(
        RandomState::new().build_hasher().finish(),
        "abcXYZ019/+=%\"\\:@?#äß€",
    );
}

/// With `-x`, and with the `-n` of a download phase, go prints whole commands on stderr.
#[test]
fn the_commands_of_go_do_not_leak() {
    let Some(real) = real_go("the_commands_of_go_do_not_leak") else {
        return;
    };
    let store = Store::synthetic(1, 1);
    let server = Server::start(store.clone(), Fault::Good).expect("a server");
    let mut sandbox = Sandbox::with(&real, &store);
    sandbox.set("GOPROXY", server.url());
    let mut canaries = Canaries::new(RandomState::new().build_hasher().finish());
    let words = "abcdefghijklmnopqrstuvwxyz";
    let linker = format!("-ldflags=-X=main.key={}", canaries.plant("-ldflags", words));
    let argument = canaries.plant("argument of a program", words);
    let shown = sandbox.go(&["build", "-x", "-o", "out", &linker, "."]);
    assert!(shown.expect(0).err().contains(&canaries.planted["-ldflags"]));
    std::fs::remove_dir_all(sandbox.modcache()).expect("an empty cache");
    sandbox.go(&["run", &linker, ".", &argument]).expect(0);
    let mut found = Vec::new();
    let mut traces = 0;
    search(&sandbox.path("state"), &mut |name, bytes| {
        traces += usize::from(name.contains("/traces/2"));
        found.extend(canaries.found_in(bytes, name));
    });
    assert_eq!(traces, 2);
    assert!(found.is_empty(), "{}", found.join("\n"));
}
