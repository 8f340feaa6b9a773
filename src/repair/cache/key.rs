//! A key for keeping a module cache between runs of CI: the same wherever the same modules are needed.

use crate::gomod::sums::sum_lines;
use crate::hex;
use aws_lc_rs::digest::{Context, SHA256};
use std::collections::BTreeSet;

/// Changes when what goes into a key does, so that no cache is found under a key that means something else.
const FORMAT: &str = "gosteady cache key 1";
/// Hex digits of the hash.
const DIGITS: usize = 32;

/// What a key is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// `go1.26.6-linux-amd64-`: what keys of the same kind begin with.
    pub prefix: String,
    /// Hex digits over every line of the files of hashes.
    pub hash: String,
}

impl Key {
    /// Of the go that will run (`go1.26.6`), a platform where it is to count, and the text of the files. The lines count as
    /// a set: order, repetition, line ends and the place of the files do not.
    pub fn of(go: &str, platform: Option<(&str, &str)>, texts: &[u8]) -> Key {
        let mut prefix = format!("{go}-");
        if let Some((os, arch)) = platform {
            prefix.push_str(&format!("{os}-{arch}-"));
        }
        let lines: BTreeSet<String> = sum_lines(texts)
            .map(|l| {
                let go_mod = if l.go_mod { "/go.mod" } else { "" };
                format!("{} {}{go_mod} {}\n", l.module, l.version, l.hash)
            })
            .collect();
        let mut context = Context::new(&SHA256);
        context.update(format!("{FORMAT}\n{prefix}\n").as_bytes());
        lines.iter().for_each(|line| context.update(line.as_bytes()));
        let mut hash = hex::encode(context.finish().as_ref());
        hash.truncate(DIGITS);
        Key { prefix, hash }
    }

    /// The key as one word.
    pub fn text(&self) -> String {
        format!("{}{}", self.prefix, self.hash)
    }
}
