//! The last step of an install that cmd/go has begun: it unpacks under its lock, and makes runnable without it, when the
//! toolchain is first used. Source: cmd/go/internal/toolchain/select.go (Exec).

use super::files;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Makes a tree runnable in place, in go's order: another go may be doing the same, or be about to run it. What is so
/// already stays untouched.
pub fn make_ready(root: &Path) -> io::Result<()> {
    let mut programs = Vec::new();
    let mut go_mods = Vec::new();
    let mut dirs = vec![PathBuf::new()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(root.join(&dir))? {
            let entry = entry?;
            let name = dir.join(entry.file_name());
            match name.to_str() {
                _ if entry.file_type()?.is_dir() => dirs.push(name),
                Some(text) if is_program(text) => programs.push(name),
                Some(text) if text.ends_with("/_go.mod") => go_mods.push(name),
                _ => {}
            }
        }
    }
    // bin/go comes last of the programs and src/go.mod of the others: by these go tells that all is done.
    programs.sort_by_key(|name| (name.starts_with("bin"), name.ends_with("bin/go")));
    go_mods.sort_by_key(|name| *name == Path::new("src/_go.mod"));
    for name in programs {
        let path = root.join(name);
        let mode = std::fs::metadata(&path)?.permissions().mode() & 0o777;
        if mode & 0o111 != 0o111 {
            std::fs::set_permissions(&path, Permissions::from_mode(mode | 0o111))?;
        }
    }
    for name in go_mods {
        copy(&root.join(name))?;
    }
    Ok(())
}

/// `_go.mod` becomes a `go.mod` beside it, whole at once.
fn copy(from: &Path) -> io::Result<()> {
    let to = from.with_file_name("go.mod");
    let content = std::fs::read(from)?;
    if std::fs::read(&to).is_ok_and(|there| there == content) {
        return Ok(());
    }
    let dir = from.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mode = std::fs::metadata(dir)?.permissions();
    std::fs::set_permissions(dir, Permissions::from_mode(mode.mode() & 0o7777 | 0o700))?;
    let done = files::write(&to, &content)
        .and_then(|()| std::fs::set_permissions(&to, std::fs::metadata(from)?.permissions()));
    let _ = std::fs::set_permissions(dir, mode);
    done
}

/// What select.go (Exec) makes executable: all of bin and pkg/tool, and lib's `go_OS_ARCH_exec`.
pub fn is_program(name: &str) -> bool {
    let wrapper = |name: &str| {
        let file = name.rsplit('/').next().unwrap_or(name);
        let middle = file
            .strip_prefix("go_")
            .and_then(|rest| rest.strip_suffix("_exec"));
        // Of the shape `?*_?*`.
        middle.is_some_and(|m| {
            m.char_indices()
                .any(|(at, c)| c == '_' && at > 0 && at + 1 < m.len())
        })
    };
    name.starts_with("bin/") || name.starts_with("pkg/tool/") || name.starts_with("lib/") && wrapper(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs() {
        for (name, is) in [
            ("bin/go", true),
            ("bin/gofmt", true),
            ("pkg/tool/linux_amd64/compile", true),
            ("pkg/include/a.h", false),
            ("lib/wasm/go_js_wasm_exec", true),
            ("lib/wasm/go__exec", false),
            ("lib/wasm/go_js_exec", false),
            ("lib/wasm/wasm_exec.js", false),
            ("misc/go_android_exec/main.go", false),
            ("src/bin/go", false),
        ] {
            assert_eq!(is_program(name), is, "{name}");
        }
    }
}
