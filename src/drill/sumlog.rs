//! A checksum database of our own making: a key, records, signed trees, tiles. Built level by level, unlike the client
//! that reads it. Sources: go.dev/design/25530-sumdb; RFC 6962 section 2.1.

use super::digest::{base64, sha256};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use std::collections::BTreeMap;

const WIDTH: u64 = 256;
const FILLER: &str = "example.com/filler";

/// An append-only log of go.sum lines. The same seed gives the same key.
#[derive(Debug)]
pub struct SumLog {
    name: String,
    pair: Ed25519KeyPair,
    records: Vec<(String, String)>,
    /// `levels[n][i]` spans the leaves `i << n` to `(i + 1) << n`; complete nodes only.
    levels: Vec<Vec<[u8; 32]>>,
}

impl SumLog {
    /// An empty log of this name, e.g. `sum.example`. `None` where the seed makes no key.
    pub fn new(name: &str, seed: u8) -> Option<SumLog> {
        Some(SumLog {
            name: name.to_owned(),
            pair: Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).ok()?,
            records: Vec::new(),
            levels: Vec::new(),
        })
    }

    /// The log's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The verifier key as it stands in GOSUMDB.
    pub fn key(&self) -> String {
        let key = self.coded_key();
        format!("{}+{:08x}+{}", self.name, self.key_id(), base64(&key))
    }

    /// How many records it holds.
    pub fn size(&self) -> u64 {
        self.records.len() as u64
    }

    /// Adds the record of a version; `zip` and `go_mod` are `h1:` hashes.
    pub fn add(&mut self, module: &str, version: &str, zip: &str, go_mod: &str) {
        let text = format!("{module} {version} {zip}\n{module} {version}/go.mod {go_mod}\n");
        let mut hash = sha256(&[&[0], text.as_bytes()]);
        self.records.push((format!("{module}@{version}"), text));
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(row) = self.levels.get_mut(level) else {
                return;
            };
            row.push(hash);
            match row.as_slice() {
                [.., left, right] if row.len().is_multiple_of(2) => hash = sha256(&[&[1], left, right]),
                _ => return,
            }
        }
    }

    /// Adds records that nobody asks for.
    pub fn fill(&mut self, count: u64) {
        for _ in 0..count {
            let n = self.size();
            let hash = format!("h1:{}", base64(&sha256(&[&n.to_be_bytes()])));
            self.add(&format!("{FILLER}{n}"), "v1.0.0", &hash, &hash);
        }
    }

    /// The root of the tree of the first `size` records.
    pub fn root(&self, size: u64) -> [u8; 32] {
        let mut right: Option<[u8; 32]> = None;
        let mut left = size;
        for row in &self.levels {
            if left & 1 == 1
                && let Some(node) = usize::try_from(left - 1).ok().and_then(|at| row.get(at))
            {
                right = Some(right.map_or(*node, |right| sha256(&[&[1], node, &right])));
            }
            left >>= 1;
        }
        right.unwrap_or_else(|| sha256(&[]))
    }

    /// The signed note of the tree of the first `size` records.
    pub fn note(&self, size: u64) -> String {
        let text = format!("go.sum database tree\n{size}\n{}\n", base64(&self.root(size)));
        self.sign(&text)
    }

    /// A note of any text, signed by the log's key.
    pub fn sign(&self, text: &str) -> String {
        let mut signature = self.key_id().to_be_bytes().to_vec();
        signature.extend(self.pair.sign(text.as_bytes()).as_ref());
        format!("{text}\n— {} {}\n", self.name, base64(&signature))
    }

    /// What a lookup answers while the log has `size` records; `None` for what is not among them.
    pub fn lookup(&self, what: &str, size: u64) -> Option<String> {
        let known = usize::try_from(size).unwrap_or(usize::MAX);
        let mut records = self.records.iter().take(known).enumerate();
        let (at, (_, text)) = records.find(|(_, (name, _))| name == what)?;
        Some(format!("{at}\n{text}\n{}", self.note(size)))
    }

    /// What may be asked while the log has `size` records, by path below the log; of [`fill`](SumLog::fill)ers' records
    /// none.
    pub fn files(&self, size: u64) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        for (name, _) in self.records.iter().filter(|(name, _)| !name.starts_with(FILLER)) {
            if let Some(answer) = self.lookup(name, size) {
                files.insert(format!("lookup/{name}"), answer.into_bytes());
            }
        }
        for (tile_level, row) in self.levels.iter().step_by(8).enumerate() {
            let length = size >> (8 * tile_level);
            for number in 0..length.div_ceil(WIDTH) {
                let width = WIDTH.min(length - number * WIDTH);
                let start = usize::try_from(number * WIDTH).unwrap_or(usize::MAX);
                let hashes = row.iter().skip(start).take(width as usize);
                files.insert(
                    path(tile_level, number, width),
                    hashes.flatten().copied().collect(),
                );
            }
        }
        files
    }

    fn coded_key(&self) -> Vec<u8> {
        [&[1], self.pair.public_key().as_ref()].concat()
    }

    fn key_id(&self) -> u32 {
        let hash = sha256(&[self.name.as_bytes(), b"\n", &self.coded_key()]);
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
    }
}

/// A tile's path; numbers of a thousand and more in groups of three digits.
fn path(level: usize, number: u64, width: u64) -> String {
    let digits = format!("{number:03}");
    let (head, tail) = digits.split_at(digits.len() - 3);
    let head = if head.is_empty() {
        String::new()
    } else {
        format!("x{head:0>3}/")
    };
    let partial = if width < WIDTH {
        format!(".p/{width}")
    } else {
        String::new()
    };
    format!("tile/8/{level}/{head}{tail}{partial}")
}
