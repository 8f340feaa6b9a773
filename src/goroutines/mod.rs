//! Dumps of goroutine stacks, taken apart: what a Go program prints on SIGQUIT or in a panic (runtime/traceback.go), and
//! what `/debug/pprof/goroutine?debug=2` answers (runtime/pprof). Pure; a dump of any size is read line by line.
//!
//! Goroutines with the same state and the same stack are one [`Group`]. Arguments, addresses and frame sizes are left
//! out: they differ between goroutines that do the same, and could hold what must not be shown.

mod compare;
mod modules;
mod parse;
mod text;

pub use compare::{Change, compare};
pub use modules::Modules;
pub use parse::read;

/// A function in a stack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Frame {
    /// With its package path, e.g. `net/http.(*Transport).dial`.
    pub function: String,
    /// File and line, shortened to what is the same on every machine where that can be told: `net/fd_unix.go:172`,
    /// `golang.org/x/net@v0.1.0/http2/transport.go:5`. Empty where it is not told.
    pub place: String,
    /// `path@version` of the module it belongs to, once [`Modules::note`] has told; else empty.
    pub module: String,
}

/// Goroutines that do the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What they wait for, e.g. `IO wait`, `chan receive`, `running`.
    pub state: String,
    /// The stack, innermost first.
    pub frames: Vec<Frame>,
    /// Who started them; empty for the first goroutine of a program.
    pub created_by: String,
    /// How many they are.
    pub count: u64,
    /// For how many whole minutes they have waited, at most; the runtime tells from one minute on.
    pub minutes: u64,
    /// The number of the first of them.
    pub first: u64,
}

/// A dump.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dump {
    /// Most goroutines first, then the longest wait.
    pub groups: Vec<Group>,
    /// All goroutines.
    pub goroutines: u64,
    /// Goroutines in no group, there being too many groups.
    pub ungrouped: u64,
    /// Lines within a stack that are none of a stack: the dump is damaged there.
    pub damaged: u64,
    /// The dump ends within a stack.
    pub cut: bool,
}

impl Group {
    /// Whether the goroutines are the runtime's own: its collector, its finalizers, its scheduler.
    pub fn of_runtime(&self) -> bool {
        // unique/handle.go: registerCleanup starts one as well.
        let ours = ["runtime.", "internal/runtime/", "unique.runtime_"];
        let runtime = |name: &str| ours.iter().any(|prefix| name.starts_with(prefix));
        !self.frames.is_empty()
            && self.frames.iter().all(|f| runtime(&f.function))
            && (self.created_by.is_empty() || runtime(&self.created_by))
    }

    /// The innermost frame that is not the machinery of waiting: what the goroutine itself would say it does.
    pub fn blocked_in(&self) -> Option<&Frame> {
        self.frames.iter().find(|f| !text::is_machinery(&f.function))
    }

    /// The stack from there on, without the runtime's own start of it.
    pub fn telling(&self) -> &[Frame] {
        let own = |f: &Frame| !text::is_machinery(&f.function);
        let start = self.frames.iter().position(own).unwrap_or(0);
        let end = self
            .frames
            .iter()
            .rposition(own)
            .map_or(self.frames.len(), |last| last + 1);
        &self.frames[start..end]
    }

    /// `3 × chan receive, up to 7 min`.
    pub fn heading(&self) -> String {
        let wait = match (self.minutes, self.count) {
            (0, _) => String::new(),
            (minutes, 1) => format!(", {minutes} min"),
            (minutes, _) => format!(", up to {minutes} min"),
        };
        format!("{} × {}{wait}", self.count, self.state)
    }
}

#[cfg(test)]
mod tests;
