//! A guarded run: proxy, supervision and trace joined around one child.

use super::ahead;
use super::argv::Command;
use super::exec;
use super::nesting;
use super::scene::{ListKind, Scene};
use crate::activity::Activity;
use crate::bounded;
use crate::config::Settings;
use crate::config::goenv::GoEnv;
use crate::gomod;
use crate::proxy::{self, Summary};
use crate::supervise::{self, Bounds, End, Job, Stderr, Stdout};
use crate::trace::Recorder;
use crate::ui::live::Mode;
use crate::world::World;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is run guarded.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// The surroundings of the process.
    pub world: &'a World,
    /// Our settings.
    pub settings: &'a Settings,
    /// go's settings.
    pub env: &'a GoEnv,
    /// The real go.
    pub go: &'a Path,
    /// The command as the user gave it.
    pub command: &'a Command<'a>,
    /// What stands around it.
    pub scene: &'a Scene,
    /// The child's arguments.
    pub args: &'a [OsString],
    /// Whether this is a download phase: nothing on stdin, nothing shown of stdout, stderr held.
    pub phase: bool,
}

/// What a guarded run came to.
#[derive(Debug)]
pub struct Report {
    /// How the child ended.
    pub end: End,
    /// What the proxy saw; empty where there was none.
    pub summary: Summary,
    /// Whether a proxy stood in between: without one nobody knows what was requested.
    pub proxied: bool,
}

/// Why there was no guarded run.
#[derive(Debug)]
pub enum Fault {
    /// The proxy could not be started; plain go can.
    Proxy(String),
    /// go itself could not be started; the exec that follows says why.
    Spawn,
}

/// Runs it.
pub fn run(plan: &Plan, recorder: &Recorder) -> Result<Report, Fault> {
    let activity = Arc::new(Activity::default());
    let running = match plan.scene.list {
        ListKind::Http => proxy::start(setup(plan), recorder.clone(), Arc::clone(&activity))
            .map_err(|e| Fault::Proxy(e.0))?,
        ListKind::Off | ListKind::NoHttp | ListKind::Unknown => None,
    };
    let env = match &running {
        Some(running) => nesting::guarded(plan.world, running.goproxy()),
        None => nesting::deeper(plan.world),
    };
    let (program, argv) = exec::by_sh(plan.go, plan.args).unwrap_or_else(|| {
        let mut argv = vec![plan.world.argv0.clone()];
        argv.extend_from_slice(plan.args);
        (plan.go.to_path_buf(), argv)
    });
    let job = Job {
        program,
        argv,
        env,
        stdin_null: plan.phase,
        stdout: stdout(plan, running.is_some()),
        stderr: if plan.phase { Stderr::Hold } else { Stderr::Rewrite },
        script: plan.phase
            || ["n", "x"]
                .iter()
                .any(|f| plan.command.setting(f, &plan.scene.goflags).is_some()),
        rewrites: running
            .iter()
            .flat_map(|r| r.rewrites())
            .map(|r| (r.from.clone(), r.to.clone()))
            .collect(),
        progress: Mode::on_stderr(plan.world, plan.settings.progress),
        bounds: Bounds {
            report_after: plan.settings.hang.report_after,
            kill_after: plan.settings.hang.kill_after,
            patience: plan.settings.proxy.patience,
            deadline: plan.settings.hang.deadline,
        },
        dumps: true,
        helpers: helpers(&plan.env.text("GOAUTH")),
        dirs: dirs(plan),
    };
    super::started();
    let end = supervise::run(&job, &activity, recorder);
    super::ended();
    let proxied = running.is_some();
    let summary = running.map(proxy::Running::stop).unwrap_or_default();
    Ok(Report {
        end: end.map_err(|_| Fault::Spawn)?,
        summary,
        proxied,
    })
}

fn setup(plan: &Plan) -> proxy::Setup {
    proxy::Setup {
        goproxy: plan.scene.goproxy.clone(),
        gonoproxy: plan.env.gonoproxy(),
        gosumdb: plan.env.gosumdb(),
        goauth: plan.env.text("GOAUTH"),
        world: Arc::new(plan.world.clone()),
        spool: plan.env.gomodcache().unwrap_or_else(std::env::temp_dir),
        sums: sums(plan),
        prefetch: ahead::sources(plan),
        rules: plan.settings.proxy.clone(),
    }
}

// The programs of GOAUTH's commands (cmd/go/internal/auth/auth.go); `off`, `netrc` and `git` are no programs of its own.
fn helpers(goauth: &str) -> Vec<String> {
    let programs = goauth
        .split(';')
        .filter_map(|command| command.split_whitespace().next());
    programs
        .filter(|program| !matches!(*program, "off" | "netrc" | "git"))
        .map(str::to_string)
        .collect()
}

// Where go writes, as far as it is known without asking it.
fn dirs(plan: &Plan) -> Vec<(&'static str, PathBuf)> {
    let temporary = match plan.env.get("GOTMPDIR") {
        Some(dir) => ("GOTMPDIR", Some(dir.into())),
        None => ("TMPDIR", Some(std::env::temp_dir())),
    };
    let all = [
        ("GOMODCACHE", plan.env.gomodcache()),
        ("GOCACHE", plan.env.gocache(plan.world)),
        temporary,
    ];
    let found = all.into_iter().filter_map(|(name, path)| Some((name, path?)));
    found.filter(|(_, path)| path.is_absolute()).collect()
}

// cmd/go/internal/modload/init.go (loadModFile, SetGoSumFile): beside the go.mod, or for a workspace go.work.sum and
// its members'; none where `p@v` runs outside of any module.
fn sums(plan: &Plan) -> Vec<PathBuf> {
    let (scene, command) = (plan.scene, plan.command);
    if command.leaves_the_module() {
        return Vec::new();
    }
    if let Some(work) = &scene.work {
        return gomod::workspace_sums(work, &bounded::read_file(work).unwrap_or_default());
    }
    let named = scene.named_modfile(command);
    let module = scene.module.iter();
    module
        .map(|module| named.as_ref().unwrap_or(module).with_extension("sum"))
        .collect()
}

// The commands whose stdout can hold a URL that go asked (facts in docs/behaviour.md); others keep ours.
fn stdout(plan: &Plan, proxied: bool) -> Stdout {
    let json = plan.command.has("json");
    match plan.command.verb().as_str() {
        _ if plan.phase => Stdout::Discard,
        "list" if proxied => Stdout::Rewrite,
        "build" | "install" | "vet" | "fix" | "mod download" if proxied && json => Stdout::Rewrite,
        _ => Stdout::Inherit,
    }
}
