//! What a Go program's binary tells of the modules in it (debug/buildinfo; cmd/go/internal/modload/build.go:
//! ModInfoData). Written by Go 1.18 and later in any kind of executable.

use std::io::{self, Read};

/// What the record begins with.
const MAGIC: &[u8] = b"\xff Go buildinf:";
/// From the magic to the first string: magic, size of a pointer, flags, padding.
const HEAD: usize = 32;
/// The flag for strings that stand in the record itself.
const INLINE: u8 = 2;
/// What go puts before and behind the list, in bytes.
const SENTINEL: usize = 16;
/// A record at most, in bytes; a few hundred modules take 30 KiB.
const LONGEST: usize = 1 << 20;

/// The modules of a binary with their versions, those that replace others in their place. `None`: it has no such list.
pub fn modules(mut binary: impl Read) -> io::Result<Option<Vec<(String, String)>>> {
    let mut buffer = Vec::new();
    loop {
        let wanted = 4 * LONGEST as u64;
        let ended = (&mut binary).take(wanted).read_to_end(&mut buffer)? == 0;
        // A record that begins further back may not be there to its end.
        let complete = if ended {
            buffer.len()
        } else {
            buffer.len().saturating_sub(LONGEST)
        };
        let mut at = 0;
        while let Some(found) = buffer[at..complete].iter().position(|b| *b == MAGIC[0]) {
            at += found;
            if let Some(list) = record(&buffer[at..]) {
                return Ok(Some(parse(&list)));
            }
            at += 1;
        }
        if ended {
            return Ok(None);
        }
        buffer.drain(..complete);
    }
}

// The magic alone proves nothing: whoever reads such records has it as a constant.
fn record(bytes: &[u8]) -> Option<String> {
    if !bytes.starts_with(MAGIC) || bytes.get(15)? & INLINE == 0 {
        return None;
    }
    let (version, rest) = string(bytes.get(HEAD..)?)?;
    let (list, _) = string(rest)?;
    let list = list.get(SENTINEL..list.len().checked_sub(SENTINEL)?)?;
    (version.starts_with(b"go") || version.starts_with(b"devel"))
        .then(|| String::from_utf8_lossy(list).into_owned())
}

// A length in base 128, least significant group first (encoding/binary: Uvarint), and so many bytes.
fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut length = 0;
    for (n, byte) in bytes.iter().take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * n);
        if byte & 0x80 == 0 {
            return bytes.get(n + 1..)?.split_at_checked(length);
        }
    }
    None
}

// runtime/debug/mod.go: `mod` and `dep` lines with path, version and sum; `=>` replaces the line before.
fn parse(list: &str) -> Vec<(String, String)> {
    let mut modules: Vec<(String, String)> = Vec::new();
    for line in list.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields[..] {
            ["mod" | "dep", path, version, ..] => modules.push((path.into(), version.into())),
            ["=>", by, version, ..] => {
                if let Some(last) = modules.last_mut() {
                    last.1 = format!("{version} of {by}");
                }
            }
            _ => {}
        }
    }
    modules
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binary(list: &str) -> Vec<u8> {
        let mut bytes = [MAGIC, &[8, INLINE], &[0; 16]].concat();
        for text in [
            b"go1.26.0".to_vec(),
            [&[1; 16], list.as_bytes(), &[2; 16]].concat(),
        ] {
            bytes.extend([(text.len() % 128) as u8 | 0x80, (text.len() / 128) as u8]);
            bytes.extend(text);
        }
        bytes
    }

    #[test]
    fn the_modules_of_a_binary() {
        let list = "path\tx\nmod\texample.com/p\t(devel)\t\ndep\ta.test/b\tv1.2.0\th1:x=\ndep\tc.test/d\tv1.0.0\n\
                    =>\te.test/f\tv2.0.0\th1:y=\nbuild\t-compiler=gc\n";
        let want: Vec<(String, String)> = [
            ("example.com/p", "(devel)"),
            ("a.test/b", "v1.2.0"),
            ("c.test/d", "v2.0.0 of e.test/f"),
        ]
        .map(|(path, version)| (path.into(), version.into()))
        .into();
        // The constant of a program that reads such records; and one that lies across two pieces that are read.
        for before in [0, 100, 4 * LONGEST - 40] {
            let bytes = [
                vec![7; before],
                MAGIC.to_vec(),
                vec![0; 40],
                binary(list),
                vec![9; 50],
            ]
            .concat();
            assert_eq!(modules(&bytes[..]).unwrap().as_ref(), Some(&want), "{before}");
            for cut in [before + 20, before + 60, before + 100] {
                assert_eq!(modules(&bytes[..cut]).unwrap(), None, "{before} {cut}");
            }
        }
    }
}
