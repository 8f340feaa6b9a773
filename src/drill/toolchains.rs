//! Go toolchains that were never released, a mirror's files about them, and the checksum database that vouches.

use super::digest::dirhash;
use super::store::{Store, archive};
use super::sumlog::SumLog;
use crate::world::platform;
use std::collections::BTreeMap;

const MODULE: &str = "golang.org/toolchain";

/// What a mirror has: toolchains, and a log of its own.
#[derive(Debug)]
pub struct Toolchains {
    /// The log, which grows with each toolchain.
    pub log: SumLog,
    /// A mirror's files by their path, but for those of the log.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Toolchains {
    /// None yet, and a log of some hundred records of others. `None` where the seed makes no key.
    pub fn new(seed: u8) -> Option<Toolchains> {
        let mut log = SumLog::new("sum.example", seed)?;
        log.fill(300);
        Some(Toolchains {
            log,
            files: BTreeMap::from([(format!("{MODULE}/@v/list"), Vec::new())]),
        })
    }

    /// Publishes one for this machine, e.g. `go1.99.1`, whose go command is a script that tells its version and its
    /// GOROOT; with `more` files besides.
    pub fn publish(&mut self, name: &str, more: usize) {
        let version = version(name);
        let zip = zip(name, more);
        let h1 = dirhash(&entries(name, more));
        let go_mod = dirhash(&[("go.mod".to_owned(), format!("module {MODULE}\n").into_bytes())]);
        self.log.add(MODULE, &version, &h1, &go_mod);
        self.log.fill(40);
        let mut file = |extension: &str, content: Vec<u8>| {
            self.files
                .insert(format!("{MODULE}/@v/{version}.{extension}"), content);
        };
        file("zip", zip);
        file("mod", format!("module {MODULE}\n").into_bytes());
        file("info", format!("{{\"Version\":\"{version}\"}}").into_bytes());
        if let Some(list) = self.files.get_mut(&format!("{MODULE}/@v/list")) {
            list.extend(format!("{version}\n").into_bytes());
        }
    }

    /// Everything that a mirror serves, with the log below `sumdb/`.
    pub fn mirror(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = self.files.clone();
        let below = format!("sumdb/{}", self.log.name());
        files.insert(format!("{below}/supported"), Vec::new());
        for (path, content) in self.log.files(self.log.size()) {
            files.insert(format!("{below}/{path}"), content);
        }
        files
    }

    /// The same as a store.
    pub fn store(&self) -> Store {
        Store::of(self.mirror())
    }

    /// The `h1:` of a toolchain's zip.
    pub fn h1(&self, name: &str) -> Option<String> {
        let answer = self
            .log
            .lookup(&format!("{MODULE}@{}", version(name)), self.log.size())?;
        Some(answer.lines().nth(1)?.rsplit(' ').next()?.to_owned())
    }
}

/// A toolchain's version as a module, for this machine.
pub fn version(name: &str) -> String {
    let (os, arch) = platform();
    format!("v0.0.1-{name}.{os}-{arch}")
}

/// The zip of a toolchain.
pub fn zip(name: &str, more: usize) -> Vec<u8> {
    archive(&entries(name, more))
}

fn entries(name: &str, more: usize) -> Vec<(String, Vec<u8>)> {
    let (os, arch) = platform();
    let go = format!(
        "#!/bin/sh\ncase $1 in\nenv) echo \"$GOROOT\" ;;\n*) echo go version {name} {os}/{arch} ;;\nesac\n"
    );
    let tool = format!("pkg/tool/{os}_{arch}/compile");
    let mut files = vec![
        (
            "VERSION".to_owned(),
            format!("{name}\ntime 2024-01-02T03:04:05Z\n"),
        ),
        ("bin/go".to_owned(), go.clone()),
        ("bin/gofmt".to_owned(), go.clone()),
        (tool, go),
        ("lib/wasm/go_js_wasm_exec".to_owned(), "#!/bin/sh\n".to_owned()),
        ("src/_go.mod".to_owned(), "module std\n".to_owned()),
        ("src/cmd/_go.mod".to_owned(), "module cmd\n".to_owned()),
        ("go.env".to_owned(), "GOTOOLCHAIN=auto\n".to_owned()),
    ];
    for n in 0..more {
        files.push((
            format!("src/noise/d{}/n{n}.go", n / 50),
            format!("package noise // {n}\n"),
        ));
    }
    let top = format!("{MODULE}@{}", version(name));
    let named = files
        .into_iter()
        .map(|(path, text)| (format!("{top}/{path}"), text.into_bytes()));
    named.collect()
}
