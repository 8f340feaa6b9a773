//! What names are hashed with.

use crate::world::World;
use std::io::{self, Write};

const BYTES: usize = 16;

/// A new salt: what is hidden with it compares to nothing else.
pub fn new_salt() -> io::Result<Vec<u8>> {
    let mut salt = vec![0; BYTES];
    aws_lc_rs::rand::fill(&mut salt).map_err(|_| io::Error::other("the system gives no random numbers"))?;
    Ok(salt)
}

/// The salt that this machine keeps in `$XDG_STATE_HOME/gosteady/salt`, made when first asked for; a new one where none
/// can be kept.
pub fn own_salt(world: &World) -> io::Result<Vec<u8>> {
    let kept = |dir: &std::path::Path| {
        std::fs::read(dir.join("salt"))
            .ok()
            .filter(|salt| salt.len() == BYTES)
    };
    let Some(dir) = world.keeping_dir() else {
        return new_salt();
    };
    if let Some(salt) = kept(&dir) {
        return Ok(salt);
    }
    let salt = new_salt()?;
    // Of two runs that do this at once the first one's counts. The file is the owner's alone, as all of tempfile's.
    let keep = || -> io::Result<()> {
        std::fs::create_dir_all(&dir)?;
        let mut file = tempfile::NamedTempFile::new_in(&dir)?;
        file.write_all(&salt)?;
        file.persist_noclobber(dir.join("salt"))?;
        Ok(())
    };
    let _ = keep();
    Ok(kept(&dir).unwrap_or(salt))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_machine_keeps_its_salt_and_nobody_else_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let at = |home: &std::path::Path| World {
            env: vec![("HOME".into(), home.into())],
            ..World::default()
        };
        let world = at(dir.path());
        let salt = own_salt(&world).unwrap();
        assert_eq!((salt.len(), own_salt(&world).unwrap()), (BYTES, salt));
        let file = dir.path().join(".local/state/gosteady/salt");
        assert_eq!(
            std::fs::metadata(file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let homeless = at(&dir.path().join("none"));
        assert_ne!(own_salt(&homeless).unwrap(), own_salt(&homeless).unwrap());
    }
}
