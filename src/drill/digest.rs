//! The hashes that go.sum is made of. Source: golang.org/x/mod/sumdb/dirhash.

use aws_lc_rs::digest::{Context, SHA256, digest};
use std::fmt::Write;

pub(super) use crate::gomod::base64::encode as base64;
use crate::hex;

/// SHA-256 of parts one after the other.
pub(super) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Context::new(&SHA256);
    for part in parts {
        hash.update(part);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hash.finish().as_ref());
    bytes
}

/// SHA-256 in lower-case hexadecimal digits.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes).as_ref())
}

/// The `h1:` hash of files given as (name, content); their order does not matter.
pub fn dirhash(files: &[(String, Vec<u8>)]) -> String {
    let mut lines: Vec<_> = files.iter().collect();
    lines.sort_by(|a, b| a.0.cmp(&b.0));
    let mut summary = String::new();
    for (name, content) in lines {
        let _ = writeln!(summary, "{}  {name}", sha256_hex(content));
    }
    format!("h1:{}", base64(digest(&SHA256, summary.as_bytes()).as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_does_not_depend_on_the_order() {
        let a = ("a".to_string(), b"1".to_vec());
        let b = ("b".to_string(), b"2".to_vec());
        assert_eq!(dirhash(&[a.clone(), b.clone()]), dirhash(&[b, a]));
    }

    #[test]
    fn the_hash_of_a_known_go_mod() {
        // golang.org/x/text v0.3.0/go.mod, as it stands in thousands of go.sum files.
        let content = b"module golang.org/x/text\n".to_vec();
        assert_eq!(
            dirhash(&[("go.mod".into(), content)]),
            "h1:NqM8EUOU14njkJ3fqMW+pc6Ldnwhi/IjpwHt7yyuwOQ="
        );
    }
}
