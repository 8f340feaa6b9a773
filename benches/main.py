"""Measures what gosteady costs, side by side with plain go in one run. Ratios and differences, no absolute times.

Builds its own project and its own module mirror on loopback; nothing leaves the machine. Results are printed and
written to target/benches. See docs/benchmarks.md.
"""

import argparse
import contextlib
import json
import os
import platform
import shutil
import subprocess
import sys

import modules
import syscalls
import timing

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = os.path.join(ROOT, "target", "benches")
REQUIRES, DOWNLOADS, BALLAST = 320, 100, 128 * 1024
# The most that a download through gosteady may take, as a multiple of plain go's time.
DOWNLOAD_RATIO = 1.05
PARTS = ["warm", "download", "syscalls"]


def arguments():
    parser = argparse.ArgumentParser(prog="benches/run", description=__doc__)
    parser.add_argument("--gosteady", metavar="PATH", help="a release build; default: target/release/gosteady")
    parser.add_argument("--go", metavar="PATH", help="the plain go; default: the one in GOROOT of go on PATH")
    parser.add_argument("--pairs", type=int, default=200, metavar="N", help="alternated runs of the warm commands")
    parser.add_argument("--downloads", type=int, default=20, metavar="N", help="alternated cold downloads")
    parser.add_argument("only", nargs="*", metavar="PART", help="of: warm download syscalls; default: all three")
    args = parser.parse_args()
    if unknown := set(args.only) - set(PARTS):
        parser.error(f"no such part: {' '.join(sorted(unknown))}")
    return args


class Bench:
    """The private surroundings of one run: home, caches, the shim's folder, and the two ways to call go."""

    def __init__(self, go, gosteady):
        self.work = os.path.join(OUT, "work")
        if os.path.isdir(self.work):
            remove(self.work)
        for name in ("home", "shims", "project", "downloads", "mirror"):
            os.makedirs(self.path(name))
        self.go = go
        self.shim = self.path("shims", "go")
        os.symlink(gosteady, self.shim)
        self.log = self.path("last.log")

    def path(self, *parts):
        return os.path.join(self.work, *parts)

    def env(self, steady, proxy, **more):
        """The environment of a command, the same both ways except for the shim's folder on PATH."""
        path = [os.path.dirname(self.go), "/usr/bin", "/bin"]
        env = {
            "PATH": os.pathsep.join([self.path("shims")] * steady + path),
            "HOME": self.path("home"),
            "GOCACHE": os.path.join(OUT, "gocache"),
            "GOMODCACHE": self.path("modcache"),
            "GOPROXY": proxy,
            "GOSUMDB": "off",
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-buildvcs=false",
            "GOTELEMETRY": "off",
        }
        return {**env, **more}

    def call(self, steady, args, cwd, **env):
        """Runs go, plain or behind the shim; returns what `timing.once` returns."""
        program = self.shim if steady else self.go
        return timing.once([program, *args], self.env(steady, **env), self.path(cwd), self.log)

    @contextlib.contextmanager
    def mirror(self):
        """A running module mirror; gives its URL."""
        binary = self.path("mirror-server")
        source = os.path.join(ROOT, "benches", "mirror", "main.go")
        subprocess.run([self.go, "build", "-o", binary, source], check=True, env=self.env(False, "off"))
        server = subprocess.Popen([binary, self.path("mirror")], stdout=subprocess.PIPE, text=True)
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()
            server.wait()


def remove(folder):
    """Removes a folder; a module cache is read-only on purpose."""
    for place, folders, _ in os.walk(folder):
        for name in folders:
            path = os.path.join(place, name)
            if not os.path.islink(path):
                os.chmod(path, 0o755)
    shutil.rmtree(folder)


def prepare(bench):
    """Publishes the modules and makes both projects, as yet without a go.sum."""
    for cwd, paths in (
        ("project", modules.publish(bench.path("mirror"), "small", REQUIRES, 0)),
        ("downloads", modules.publish(bench.path("mirror"), "large", DOWNLOADS, BALLAST)),
    ):
        modules.project(bench.path(cwd), paths)


def tidy(bench, url):
    """Has go write both go.sum files, in a module cache that is then thrown away."""
    for cwd in ("project", "downloads"):
        bench.call(False, ["mod", "tidy"], cwd, proxy=url, GOMODCACHE=bench.path("scratch"))
    remove(bench.path("scratch"))


def fill(bench, url):
    """A module cache that only `go build` ever filled, and one guarded build, after which the shim knows it."""
    bench.call(False, ["build", "-o", os.devnull], "project", proxy=url)
    bench.call(True, ["build", "-o", os.devnull], "project", proxy=url)


def warm(bench, url, pairs):
    """Rows for commands that need no download."""
    rows = {}
    for label, args in (("go version", ["version"]), ("go build, warm", ["build", "-o", os.devnull])):
        print(f"{label}: {pairs} pairs", flush=True)
        theirs, ours = timing.alternate(
            lambda args=args: bench.call(False, args, "project", proxy=url),
            lambda args=args: bench.call(True, args, "project", proxy=url),
            pairs,
        )
        rows[label] = timing.summary(theirs, ours)
    return rows


def download(bench, url, pairs):
    """A row for `go mod download` into an empty cache."""
    cache = bench.path("cold")

    def cold(steady):
        took = bench.call(steady, ["mod", "download"], "downloads", proxy=url, GOMODCACHE=cache)
        remove(cache)
        return took

    print(f"go mod download of {DOWNLOADS} modules: {pairs} pairs", flush=True)
    cold(False), cold(True)
    theirs, ours = timing.alternate(lambda: cold(False), lambda: cold(True), pairs)
    return {f"go mod download, {DOWNLOADS} modules": timing.summary(theirs, ours)}


def fast_path(bench, url):
    """Rows for what the warm commands ask of the kernel before the exec."""
    if not shutil.which("strace"):
        print("syscalls: skipped, there is no strace here")
        return []
    env = bench.env(True, url)
    return [
        syscalls.check(label, [bench.shim, *args], env, bench.path("project"), bench.work)
        for label, args in (("go version", ["version"]), ("go build, warm", ["build", "-o", os.devnull]))
    ]


def report(rows, traced):
    """Prints both tables; returns what is over its limit."""
    over = []
    if rows:
        print(f"\n{'':32}{'plain':>12}{'gosteady':>12}{'added':>12}{'quartiles':>20}{'ratio':>8}{'processor':>11}")
    for label, row in rows.items():
        low, high = row["added_quartiles_ms"]
        print(
            f"{label:32}{row['plain_median_ms']:9.2f} ms{row['gosteady_median_ms']:9.2f} ms{row['added_ms']:9.2f} ms"
            f"{f'{low:.2f} to {high:.2f}':>20}{row['ratio']:8.3f}{row['processor_ratio']:11.3f}"
        )
        if "download" in label and row["ratio"] > DOWNLOAD_RATIO:
            over.append(f"{label}: {row['ratio']:.3f} times plain go's time; at most {DOWNLOAD_RATIO}")
    for row in traced:
        print(f"\n{row['command']}: {sum(row['calls'].values())} system calls before real go")
        print("  " + ", ".join(f"{name} {times}" for name, times in sorted(row["calls"].items())))
        print("  opened:")
        for file in row["files"]:
            print(f"    {file}")
        over += [f"{row['command']}, before real go: {fault}" for fault in row["faults"]]
    if over:
        print()
    for line in over:
        print(f"OVER: {line}")
    return over


def main():
    args = arguments()
    asked = args.only or PARTS
    gosteady = os.path.abspath(args.gosteady or os.path.join(ROOT, "target", "release", "gosteady"))
    if not os.access(gosteady, os.X_OK):
        sys.exit(f"benches/run: no {gosteady}; `cargo build --release` makes one")
    root = subprocess.run(["go", "env", "GOROOT"], stdout=subprocess.PIPE, text=True).stdout.strip()
    go = os.path.realpath(args.go or os.path.join(root, "bin", "go"))

    bench = Bench(go, gosteady)
    prepare(bench)
    rows, traced = {}, []
    with bench.mirror() as url:
        tidy(bench, url)
        fill(bench, url)
        if "warm" in asked:
            rows |= warm(bench, url, args.pairs)
        if "download" in asked:
            rows |= download(bench, url, args.downloads)
        if "syscalls" in asked:
            traced = fast_path(bench, url)
    over = report(rows, traced)

    version = subprocess.run([go, "env", "GOVERSION"], stdout=subprocess.PIPE, text=True).stdout.strip()
    facts = {"go": version, "system": platform.platform(), "processors": os.cpu_count(), "load": os.getloadavg()}
    with open(os.path.join(OUT, "latest.json"), "w", encoding="utf-8") as out:
        json.dump({"where": facts, "rows": rows, "syscalls": traced, "over": over}, out, indent=1)
    print(f"\nwritten to {os.path.relpath(out.name, ROOT)}; load average {facts['load'][0]:.1f}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
