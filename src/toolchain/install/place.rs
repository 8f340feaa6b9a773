//! Where cmd/go keeps a toolchain and what belongs to it. Source: cmd/go/internal/modfetch/cache.go (CachePath,
//! DownloadDir), cmd/go/internal/modload/init.go (SumdbDir).

use super::failure::{Failure, Kind};
use super::name::{MODULE, Toolchain};
use crate::config::goenv::GoEnv;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The module cache and what stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    modcache: PathBuf,
    gopath: Option<PathBuf>,
    /// Whether directories stay writable: `-modcacherw` in GOFLAGS.
    pub writable: bool,
}

impl Place {
    /// By go's settings. Fails where nobody says where the module cache is.
    pub fn of(env: &GoEnv) -> Result<Place, Failure> {
        let modcache = env.gomodcache().filter(|dir| dir.is_absolute()).ok_or_else(|| {
            Failure::new(
                Kind::Refused,
                "there is no place for a toolchain: HOME, GOPATH and GOMODCACHE are unset or no absolute path",
                "set GOMODCACHE and GOPATH to a directory each",
            )
        })?;
        Ok(Place {
            modcache,
            gopath: env.gopath().filter(|dir| dir.is_absolute()),
            writable: env
                .flag("modcacherw")
                .is_some_and(|value| matches!(value.as_str(), "" | "true" | "1")),
        })
    }

    /// The toolchain's GOROOT.
    pub fn root(&self, toolchain: &Toolchain) -> PathBuf {
        self.modcache.join(toolchain.versioned())
    }

    /// Where a tree is made or taken apart, beside its own place. go removes what has a name of this shape, too.
    pub fn beside(&self, toolchain: &Toolchain) -> PathBuf {
        let name = format!("{}.tmp-{}", toolchain.versioned(), std::process::id());
        self.modcache.join(name)
    }

    /// What killed processes may have left of it. Only who holds the lock may touch these.
    pub fn leftovers(&self, toolchain: &Toolchain) -> Vec<PathBuf> {
        let beginning_with = |dir: &Path, prefix: String| {
            let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
            let named = entries.filter(move |e| e.file_name().to_string_lossy().starts_with(&prefix));
            named.map(|e| e.path()).collect::<Vec<_>>()
        };
        let version = toolchain.version();
        let mut left = beginning_with(&self.downloads(), format!("{version}.zip"));
        left.retain(|path| path.extension().is_some_and(|e| e == "tmp"));
        let dir = self.modcache.join(MODULE);
        if let (Some(parent), Some(name)) = (dir.parent(), dir.file_name()) {
            left.extend(beginning_with(
                parent,
                format!("{}@{version}.tmp-", name.to_string_lossy()),
            ));
        }
        left
    }

    /// A file of the download cache, by its extension: `zip`, `ziphash`, `lock`, `partial`.
    pub fn file(&self, toolchain: &Toolchain, extension: &str) -> PathBuf {
        self.downloads()
            .join(format!("{}.{extension}", toolchain.version()))
    }

    /// The directory of the download cache.
    pub fn downloads(&self) -> PathBuf {
        self.modcache.join("cache/download").join(MODULE).join("@v")
    }

    /// The file that go locks while it writes any of these.
    pub fn lock(&self, toolchain: &Toolchain) -> PathBuf {
        self.file(toolchain, "lock")
    }

    /// Where go keeps what a checksum database has answered.
    pub fn answers(&self, database: &str) -> PathBuf {
        self.modcache.join("cache/download/sumdb").join(database)
    }

    /// Where go remembers the newest tree of a checksum database; `None` where neither GOPATH nor HOME is set.
    pub fn latest(&self, database: &str) -> Option<PathBuf> {
        Some(
            self.gopath
                .as_ref()?
                .join("pkg/sumdb")
                .join(database)
                .join("latest"),
        )
    }

    /// Whether it is there whole: go would run it as it is.
    pub fn is_complete(&self, toolchain: &Toolchain) -> bool {
        let runnable = |path: &Path| {
            std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
        };
        runnable(&self.root(toolchain).join("bin/go")) && self.unpacked(toolchain).is_some()
    }

    /// The hash of the zip that a whole tree was unpacked from, runnable or not (cache.go: DownloadDir); `None` where
    /// there is no whole tree.
    pub fn unpacked(&self, toolchain: &Toolchain) -> Option<String> {
        let whole =
            self.root(toolchain).join("bin/go").is_file() && !self.file(toolchain, "partial").exists();
        std::fs::read_to_string(self.file(toolchain, "ziphash"))
            .ok()
            .filter(|_| whole)
    }

    /// The toolchains that lie here, whole or not, in no order.
    pub fn installed(&self) -> Vec<Toolchain> {
        let dir = self.modcache.join(MODULE);
        let Some((dir, prefix)) = dir.parent().zip(dir.file_name()) else {
            return Vec::new();
        };
        let prefix = format!("{}@", prefix.to_string_lossy());
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| Toolchain::of_version(entry.file_name().to_str()?.strip_prefix(&prefix)?))
            .collect()
    }
}
