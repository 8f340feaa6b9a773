//! The `h1:` hash of a go.mod and of a module zip, and what a zip must look like to be a module's.
//!
//! Sources: golang.org/x/mod/sumdb/dirhash (Hash1, HashZip), golang.org/x/mod/zip (MaxZipFile, checkZip).

use super::base64;
use crate::hex;
use aws_lc_rs::digest::{Context, Digest, SHA256, digest};
use std::io::{Read, Seek};
use zip::ZipArchive;

/// The largest zip, and the most that one may unpack to, in bytes (x/mod/zip: MaxZipFile).
pub const MAX_ZIP: u64 = 500 << 20;

/// The largest central directory that is read; one of more than half a million files is go's to look at.
const MAX_DIRECTORY: u64 = 64 << 20;

/// What is wrong with a zip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bad {
    /// It is damaged: it can't be read to its end.
    Broken(String),
    /// It is whole, but no zip of this module that go would unpack.
    Foreign(String),
}

/// The hash of a go.mod file.
pub fn of_go_mod(content: &[u8]) -> String {
    of_files(vec![(digest(&SHA256, content), b"go.mod".to_vec())])
}

/// The hash of the files in a zip. Unpacks it within [`MAX_ZIP`] bytes; nothing is written anywhere. `None` where
/// the archive's directory is too large to be read here.
pub fn of_zip(source: impl Read + Seek) -> Result<Option<String>, Bad> {
    let Some(archive) = open(source, MAX_ZIP)? else {
        return Ok(None);
    };
    unpacked(archive, MAX_ZIP, &mut |_, _| {}).map(Some)
}

/// The largest file that is kept of a zip, in bytes.
const MAX_KEPT: usize = 1 << 20;

/// What was read of a zip.
#[derive(Debug, PartialEq, Eq)]
pub struct Reading {
    /// The hash of its files.
    pub hash: String,
    /// The content of the one that was asked for, where it is there and of at most 1 MiB.
    pub file: Option<Vec<u8>>,
}

/// [`of_zip`], and the content of the file of this name in it.
pub fn of_zip_and(source: impl Read + Seek, file: &str) -> Result<Option<Reading>, Bad> {
    let Some(archive) = open(source, MAX_ZIP)? else {
        return Ok(None);
    };
    let mut content: Option<Vec<u8>> = None;
    let hash = unpacked(archive, MAX_ZIP, &mut |name, bytes| {
        if name == file.as_bytes() {
            let content = content.get_or_insert_default();
            let room = (MAX_KEPT + 1).saturating_sub(content.len());
            content.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    })?;
    let file = content.filter(|content| content.len() <= MAX_KEPT);
    Ok(Some(Reading { hash, file }))
}

/// [`look`] and [`of_zip`] at once.
pub fn of_module_zip(source: impl Read + Seek, module: &str, version: &str) -> Result<Option<String>, Bad> {
    of_module_zip_watched(source, module, version, &mut |_, _| {})
}

/// The same, and each file goes by `watch` piece by piece: its name and the bytes; no bytes are its end.
pub fn of_module_zip_watched(
    source: impl Read + Seek,
    module: &str,
    version: &str,
    watch: &mut dyn FnMut(&[u8], &[u8]),
) -> Result<Option<String>, Bad> {
    let Some(archive) = open(source, MAX_ZIP)? else {
        return Ok(None);
    };
    belongs(&archive, module, version)?;
    unpacked(archive, MAX_ZIP, watch).map(Some)
}

fn unpacked<R: Read + Seek>(
    mut archive: ZipArchive<R>,
    most: u64,
    watch: &mut dyn FnMut(&[u8], &[u8]),
) -> Result<String, Bad> {
    let mut left = most;
    let mut buffer = vec![0; 64 << 10];
    let mut files = Vec::with_capacity(archive.len());
    for n in 0..archive.len() {
        let mut file = archive.by_index(n).map_err(broken)?;
        let name = file.name_raw().to_vec();
        let mut hash = Context::new(&SHA256);
        loop {
            let n = file.read(&mut buffer).map_err(broken)?;
            watch(&name, &buffer[..n]);
            if n == 0 {
                break;
            }
            left = left.checked_sub(n as u64).ok_or_else(too_large)?;
            hash.update(&buffer[..n]);
        }
        files.push((hash.finish(), name));
    }
    Ok(of_files(files))
}

/// Whether the names in a zip, and the sizes it states, are those of a module's; nothing is unpacked.
pub fn look(source: impl Read + Seek, module: &str, version: &str) -> Result<(), Bad> {
    match open(source, MAX_ZIP)? {
        Some(archive) => belongs(&archive, module, version),
        None => Ok(()),
    }
}

fn belongs<R: Read + Seek>(archive: &ZipArchive<R>, module: &str, version: &str) -> Result<(), Bad> {
    let root = format!("{module}@{version}/");
    let odd = archive
        .file_names_raw()
        .find(|name| !name.strip_prefix(root.as_bytes()).is_some_and(is_plain));
    match odd {
        None => Ok(()),
        Some(name) => {
            let name: String = String::from_utf8_lossy(name).chars().take(100).collect();
            Err(Bad::Foreign(format!("holds {name:?}, which is not below {root}")))
        }
    }
}

/// A clean relative path, or a directory's; go refuses much more than this.
fn is_plain(name: &[u8]) -> bool {
    let name = name.strip_suffix(b"/").unwrap_or(name);
    let segment = |s: &[u8]| !matches!(s, b"" | b"." | b"..");
    let byte = |b: &u8| *b != b'\\' && !b.is_ascii_control();
    name.is_empty() || name.split(|b| *b == b'/').all(segment) && name.iter().all(byte)
}

fn open<R: Read + Seek>(mut source: R, most: u64) -> Result<Option<ZipArchive<R>>, Bad> {
    if directory_size(&mut source).map_err(|e| Bad::Broken(e.to_string()))? > MAX_DIRECTORY {
        return Ok(None);
    }
    let archive = ZipArchive::new(source).map_err(broken)?;
    if archive.has_duplicate_names() {
        return Err(Bad::Foreign("holds two files of the same name".into()));
    }
    if archive.decompressed_size().is_some_and(|n| n > most.into()) {
        return Err(too_large());
    }
    Ok(Some(archive))
}

/// What the end record says about the central directory: its size stands 12 bytes behind the signature; all ones
/// where a zip64 record says it. The record is the end of the file, but for a comment that may follow.
fn directory_size(source: &mut (impl Read + Seek)) -> std::io::Result<u64> {
    const RECORD: u64 = 22;
    const COMMENT: u64 = 64 << 10;
    let len = source.seek(std::io::SeekFrom::End(0))?;
    let mut tail = Vec::new();
    for most in [RECORD, RECORD + COMMENT] {
        source.seek(std::io::SeekFrom::Start(len.saturating_sub(most)))?;
        tail.clear();
        source.read_to_end(&mut tail)?;
        let at = tail.windows(4).rposition(|w| w == b"PK\x05\x06");
        if let Some(size) = at.and_then(|at| tail.get(at + 12..at + 16)?.try_into().ok()) {
            return Ok(u32::from_le_bytes(size).into());
        }
    }
    Ok(0)
}

/// The hash of files by their own SHA-256 and their names, which begin with `MODULE@VERSION/` (dirhash: Hash1).
pub fn of_files(mut files: Vec<(Digest, Vec<u8>)>) -> String {
    files.sort_by(|a, b| a.1.cmp(&b.1));
    let mut all = Context::new(&SHA256);
    for (hash, name) in files {
        all.update(hex::encode(hash.as_ref()).as_bytes());
        all.update(b"  ");
        all.update(&name);
        all.update(b"\n");
    }
    format!("h1:{}", base64::encode(all.finish().as_ref()))
}

fn broken(error: impl std::fmt::Display) -> Bad {
    Bad::Broken(error.to_string())
}

fn too_large() -> Bad {
    Bad::Foreign(format!("unpacks to more than {} MiB", MAX_ZIP >> 20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::{Cursor, Write as _};
    use zip::write::SimpleFileOptions;

    fn within(zip: &[u8], most: u64) -> Result<String, Bad> {
        unpacked(open(Cursor::new(zip), most)?.unwrap(), most, &mut |_, _| {})
    }

    fn archive(files: &[(&str, &[u8])]) -> Cursor<Vec<u8>> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap()
    }

    #[test]
    fn known_hashes() {
        // golang.org/x/text v0.3.0/go.mod, as it stands in thousands of go.sum files.
        assert_eq!(
            of_go_mod(b"module golang.org/x/text\n"),
            "h1:NqM8EUOU14njkJ3fqMW+pc6Ldnwhi/IjpwHt7yyuwOQ="
        );
        // A zip with that one file has the same hash: the format, order and compression do not count.
        let zip = archive(&[("go.mod", b"module golang.org/x/text\n")]);
        assert_eq!(
            of_zip(zip).unwrap().unwrap(),
            of_go_mod(b"module golang.org/x/text\n")
        );
    }

    #[test]
    fn one_file_of_those_that_are_hashed() {
        let files: [(&str, &[u8]); 3] = [
            ("m@v/go.mod", b"module m\n"),
            ("m@v/empty", b""),
            ("m@v/x/go.mod", b"?"),
        ];
        let read = |file: &str| of_zip_and(archive(&files), file).unwrap().unwrap();
        for (file, content) in files {
            assert_eq!(read(file).file.as_deref(), Some(content), "{file}");
        }
        assert_eq!(read("go.mod").file, None);
        for (size, kept) in [(MAX_KEPT, true), (MAX_KEPT + 1, false)] {
            let zip = archive(&[("m@v/go.mod", &vec![b'\n'; size])]);
            assert_eq!(
                of_zip_and(zip, "m@v/go.mod").unwrap().unwrap().file.is_some(),
                kept
            );
        }
        assert_eq!(Some(read("").hash), of_zip(archive(&files)).unwrap());
    }

    #[test]
    fn names_that_are_no_modules() {
        for (name, fine) in [
            ("m.io/a@v1.0.0/go.mod", true),
            ("m.io/a@v1.0.0/dir/", true),
            ("m.io/a@v1.0.0/", true),
            ("m.io/a@v1.0.1/go.mod", false),
            ("m.io/A@v1.0.0/go.mod", false),
            ("m.io/a@v1.0.0/../../x", false),
            ("m.io/a@v1.0.0//x", false),
            ("m.io/a@v1.0.0/./x", false),
            ("m.io/a@v1.0.0/a\\b", false),
            ("m.io/a@v1.0.0/a\nb", false),
            ("/etc/passwd", false),
        ] {
            let got = look(archive(&[(name, b"x")]), "m.io/a", "v1.0.0");
            assert_eq!(got.is_ok(), fine, "{name:?} {got:?}");
            assert!(!matches!(got, Err(Bad::Broken(_))), "{name:?} {got:?}");
        }
    }

    #[test]
    fn what_unpacks_to_too_much_is_not_unpacked_to_its_end() {
        let zeros = vec![0; 2 << 20];
        let bomb = archive(&[("m.io/a@v1.0.0/zeros", &zeros)]).into_inner();
        assert!(bomb.len() < 10_000);
        assert_eq!(within(&bomb, 1 << 20), Err(too_large()));
        assert!(within(&bomb, 2 << 20).is_ok());
        // One that states less than it holds.
        let stated = |size: u32| {
            let mut liar = bomb.clone();
            let at = liar.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
            liar[at + 24..at + 28].copy_from_slice(&size.to_le_bytes());
            liar
        };
        assert!(within(&stated(10), 1 << 20).is_err());
        // One that states more than go would take.
        let huge = stated(501 << 20);
        assert_eq!(of_zip(Cursor::new(&huge)), Err(too_large()));
        assert_eq!(look(Cursor::new(&huge), "m.io/a", "v1.0.0"), Err(too_large()));
    }

    #[test]
    fn a_huge_directory_is_not_read() {
        let mut zip = archive(&[("a", b"x")]).into_inner();
        let end = zip.len() - 22;
        zip[end + 12..end + 16].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(of_zip(Cursor::new(&zip)), Ok(None));
    }

    proptest! {
        #[test]
        fn damage_never_panics(at in any::<prop::sample::Index>(), bit in 0u8..8, cut in any::<prop::sample::Index>()) {
            let files: [(&str, &[u8]); 2] = [("m@v1/go.mod", b"module m\n"), ("m@v1/a.go", b"package a\n")];
            let mut zip = archive(&files).into_inner();
            let (at, cut) = (at.index(zip.len()), cut.index(zip.len()));
            zip[at] ^= 1 << bit;
            for zip in [&zip[..], &zip[..cut]] {
                let _ = look(Cursor::new(zip), "m", "v1");
                let _ = of_zip(Cursor::new(zip));
            }
        }
    }
}
