//! Who signs: the log's key, and GOSUMDB in all its forms. Sources: golang.org/x/mod/sumdb/note (NewVerifier);
//! cmd/go/internal/modfetch/sumdb.go (dbDial) and key.go.

use crate::gomod::base64;
use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

/// The log that go uses where nobody says otherwise, with its key.
const SUM_GOLANG_ORG: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

/// The number of the only algorithm in use, Ed25519.
const ALGORITHM: u8 = 1;

/// A log's public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    name: String,
    id: u32,
    public: [u8; 32],
}

impl Key {
    /// Reads `NAME+ID+KEY`: eight hexadecimal digits, and base64 of the algorithm's number and the key.
    pub fn parse(text: &str) -> Option<Key> {
        let (name, rest) = text.split_once('+')?;
        let (id, key) = rest.split_once('+')?;
        let key = base64::decode(key)?;
        let hex = id.len() == 8 && id.bytes().all(|b| b.is_ascii_hexdigit());
        let id = u32::from_str_radix(id, 16).ok().filter(|_| hex)?;
        let public = key.strip_prefix(&[ALGORITHM])?.try_into().ok()?;
        (is_name(name) && id == id_of(name, &key)).then(|| Key {
            name: name.to_owned(),
            id,
            public,
        })
    }

    /// The log's name, e.g. `sum.golang.org`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's id: the first four bytes of a hash over name and key.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Whether this key made the signature of a text.
    pub fn signed(&self, text: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.public)
            .verify(text, signature)
            .is_ok()
    }
}

/// Whether a signer can have this name (note.go: isValidName).
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c == '+' || c.is_whitespace())
}

fn id_of(name: &str, key: &[u8]) -> u32 {
    let mut hash = Context::new(&SHA256);
    hash.update(name.as_bytes());
    hash.update(b"\n");
    hash.update(key);
    let hash = hash.finish();
    hash.as_ref()
        .iter()
        .take(4)
        .fold(0, |id, b| id << 8 | u32::from(*b))
}

/// The database that GOSUMDB names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Its key.
    pub key: Key,
    /// Where it is, if GOSUMDB says so: no mirror is asked then.
    pub url: Option<String>,
}

/// Why GOSUMDB names no database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoDatabase {
    /// It is `off`.
    Off,
    /// It can't be read; why, in one clause.
    Invalid(&'static str),
}

impl Database {
    /// Reads GOSUMDB: `off`, `KEY` or `KEY URL`, where KEY may be the name of a log whose key is known.
    pub fn parse(gosumdb: &str) -> Result<Database, NoDatabase> {
        let gosumdb = match gosumdb.trim() {
            "off" => return Err(NoDatabase::Off),
            "sum.golang.google.cn" => "sum.golang.org https://sum.golang.google.cn",
            other => other,
        };
        let mut fields = gosumdb.split_whitespace();
        let key = match fields.next() {
            None => return Err(NoDatabase::Invalid("is empty")),
            Some("sum.golang.org") => SUM_GOLANG_ORG,
            Some(key) => key,
        };
        let url = fields.next().map(str::to_owned);
        if fields.next().is_some() {
            return Err(NoDatabase::Invalid("has too many fields"));
        }
        let key = Key::parse(key).ok_or(NoDatabase::Invalid("names no known log and is no key"))?;
        // The name becomes a host, a path and a directory: nothing may hide in it.
        let fits = |s: &str| {
            !matches!(s, "" | "." | "..")
                && s.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_.:~".contains(&b))
        };
        if !key.name().split('/').all(fits) {
            return Err(NoDatabase::Invalid("has a name that is not host[/path]"));
        }
        Ok(Database { key, url })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.key.name()
    }
}
