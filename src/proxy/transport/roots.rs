//! System roots by Go's rule: the first readable file of a list and every file of some folders. Source: crypto/x509
//! root_unix.go. `SSL_CERT_FILE` replaces only the list of files, `SSL_CERT_DIR` only the folders.

use crate::bounded;
use crate::world::World;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

// crypto/x509 root_linux.go, then root_bsd.go, root_darwin.go's counterpart being the keychain.
const FILES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];
const FOLDERS: &[&str] = &["/etc/ssl/certs", "/etc/pki/tls/certs"];

/// Reads the roots; blocks on files. Certificates that do not parse are passed over, as Go does.
pub fn load(world: &World) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let chosen = |name| world.set_var(name).is_some();
    if cfg!(target_os = "macos") && !chosen("SSL_CERT_FILE") && !chosen("SSL_CERT_DIR") {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return roots;
    }
    let (files, folders) = places(world);
    if let Some(pem) = files.iter().find_map(|file| read(file)) {
        add(&mut roots, &pem);
    }
    for folder in folders {
        for file in entries(&folder) {
            if let Some(pem) = read(&file) {
                add(&mut roots, &pem);
            }
        }
    }
    roots
}

fn places(world: &World) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let of = |list: &[&str]| list.iter().map(PathBuf::from).collect::<Vec<_>>();
    let files = match world.set_var("SSL_CERT_FILE") {
        Some(file) => vec![PathBuf::from(file)],
        None => of(FILES),
    };
    let folders = match world.set_var("SSL_CERT_DIR") {
        Some(list) => list
            .as_bytes()
            .split(|b| *b == b':')
            .map(|dir| PathBuf::from(OsStr::from_bytes(dir)))
            .collect(),
        None => of(FOLDERS),
    };
    (files, folders)
}

// Go reads with os.ReadFile, which would wait on a pipe for ever; only regular files are read here.
fn read(path: &Path) -> Option<Vec<u8>> {
    bounded::read_file(path).ok()
}

// A link to a neighbour (c_rehash's hashes) would only bring the same certificate again.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let same_folder = |path: &Path| {
        std::fs::read_link(path).is_ok_and(|target| !target.as_os_str().as_bytes().contains(&b'/'))
    };
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| !same_folder(path))
        .collect()
}

fn add(roots: &mut RootCertStore, pem: &[u8]) {
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(pem).filter_map(Result::ok));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(name: &str) -> String {
        let key = rcgen::generate_simple_self_signed(vec![name.to_string()]).unwrap();
        key.cert.pem()
    }

    fn world(env: &[(&str, &Path)]) -> World {
        World {
            env: env
                .iter()
                .map(|(k, v)| (k.into(), v.as_os_str().into()))
                .collect(),
            ..World::default()
        }
    }

    #[test]
    fn each_variable_replaces_only_its_half() {
        let set = world(&[("SSL_CERT_FILE", Path::new("/x.pem"))]);
        let (files, folders) = places(&set);
        assert_eq!((files.len(), folders.len()), (1, FOLDERS.len()));
        let (files, folders) = places(&world(&[("SSL_CERT_DIR", Path::new("/a:/b"))]));
        assert_eq!((files.len(), folders.len()), (FILES.len(), 2));
    }

    #[test]
    fn file_and_folder_are_both_read_and_rubbish_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("certs");
        std::fs::create_dir(&folder).unwrap();
        let file = dir.path().join("one.pem");
        std::fs::write(&file, format!("rubbish\n{}", certificate("one.test"))).unwrap();
        std::fs::write(folder.join("two.pem"), certificate("two.test")).unwrap();
        std::fs::write(folder.join("rubbish.pem"), "-----BEGIN CERTIFICATE-----\nxx").unwrap();
        std::os::unix::fs::symlink("two.pem", folder.join("abc.0")).unwrap();
        let roots = load(&world(&[("SSL_CERT_FILE", &file), ("SSL_CERT_DIR", &folder)]));
        assert_eq!(roots.len(), 2);
    }
}
