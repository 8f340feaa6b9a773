//! The download phase before a command that runs user code: the same downloads, nothing run.

use super::argv::Command;
use super::scene::Scene;
use std::ffi::OsString;
use std::os::unix::fs::FileTypeExt;

/// Flags that change what is loaded; the phase of `vet -vettool` and `fix -fixtool` keeps these.
const LOADING: &[&str] = &[
    "asan",
    "buildmode",
    "compiler",
    "cover",
    "covermode",
    "coverpkg",
    "mod",
    "modcacherw",
    "modfile",
    "msan",
    "pgo",
    "race",
    "tags",
    "test",
    "x",
];

/// The arguments of the phase. `None` where there can't be one: a build input is a pipe, which could be read only once.
pub fn arguments(command: &Command, args: &[OsString], scene: &Scene) -> Option<Vec<OsString>> {
    if reads_a_pipe(command, scene) {
        return None;
    }
    if matches!(command.words.first(), Some(&("vet" | "fix"))) {
        let mut phase: Vec<OsString> = Vec::new();
        if let Some(dir) = &command.chdir {
            phase.extend([OsString::from("-C"), dir.into()]);
        }
        phase.extend(["list", "-deps", "-test"].map(OsString::from));
        for flag in command.flags.iter().filter(|f| LOADING.contains(&f.name)) {
            let mut text = OsString::from(format!("-{}", flag.name));
            if let Some(value) = flag.value {
                text.push("=");
                text.push(value);
            }
            phase.push(text);
        }
        phase.push("--".into());
        phase.extend(command.operands.iter().map(|o| o.into()));
        return Some(phase);
    }
    let mut phase = args.to_vec();
    phase.insert(command.flags_at, "-n".into());
    Some(phase)
}

fn reads_a_pipe(command: &Command, scene: &Scene) -> bool {
    let inputs = ["overlay", "modfile", "pgo"]
        .iter()
        .filter_map(|name| command.setting(name, &scene.goflags));
    let files = command
        .operands
        .iter()
        .copied()
        .filter(|_| command.words.first() == Some(&"run"));
    inputs.chain(files).any(|path| {
        std::fs::metadata(scene.dir.join(path))
            .is_ok_and(|m| m.file_type().is_fifo() || m.file_type().is_char_device())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shim::scene::ListKind;

    fn phase(line: &str) -> Option<String> {
        let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let scene = Scene {
            dir: "/".into(),
            work: None,
            module: None,
            goflags: Vec::new(),
            goproxy: String::new(),
            list: ListKind::Http,
            nothing_private: true,
            vendor: false,
            missing_toolchain: None,
        };
        let phase = arguments(&Command::parse(&args), &args, &scene)?;
        Some(
            phase
                .iter()
                .map(|a| a.to_str().unwrap())
                .collect::<Vec<_>>()
                .join(" "),
        )
    }

    #[test]
    fn arguments_of_the_phase() {
        for (line, expected) in [
            ("run . -x", "run -n . -x"),
            ("-C d test ./... -run X", "-C d test -n ./... -run X"),
            ("test -C d -v", "test -C d -n -v"),
            ("tool stringer -n", "tool -n stringer -n"),
            (
                "vet -vettool=x -tags a -json ./...",
                "list -deps -test -tags=a -- ./...",
            ),
            ("-C d fix -fixtool x", "-C d list -deps -test --"),
        ] {
            assert_eq!(phase(line).as_deref(), Some(expected), "{line}");
        }
        assert_eq!(phase("run /dev/null"), None);
    }
}
