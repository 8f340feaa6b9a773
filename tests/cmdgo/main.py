"""Runs the script suite of Go's own cmd/go, first with plain go, then with gosteady in front of it.

A script that plain go passes and gosteady does not is a difference; only those named in exceptions.txt may differ.
The go on PATH is used; everything made goes to target/cmdgo. See docs/cmdgo-suite.md.
"""

import argparse
import json
import os
import re
import sys

import overlay
import suite

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def arguments():
    parser = argparse.ArgumentParser(prog="tests/cmdgo/run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only the scripts of quick.txt")
    parser.add_argument("--plain", action="store_true", help="only plain go, and run again what is already known of it")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="scripts at a time")
    parser.add_argument("-run", dest="pattern", default="", metavar="REGEX", help="only scripts whose name matches")
    parser.add_argument("--gosteady", metavar="PATH", help="the shim; default: target/release, else target/debug")
    parser.add_argument("--go", default="go", metavar="PATH", help="the go whose suite is run; default: go on PATH")
    parser.add_argument("--limit", default="10m", metavar="DURATION", help="the time one script may take")
    return parser.parse_args()


def shim_path(given):
    """The gosteady to put in front: an absolute path to an executable file."""
    tried = [given] if given else [os.path.join(ROOT, "target", kind, "gosteady") for kind in ("release", "debug")]
    for path in tried:
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return os.path.abspath(path)
    sys.exit(f"run: no gosteady to test at {' or '.join(tried)}; `cargo build` makes one")


def choose(toolchain, args):
    """The names of the scripts to run."""
    names = toolchain.scripts()
    if args.quick:
        quick = suite.names_in(os.path.join(HERE, "quick.txt"))
        for gone in sorted(set(quick) - set(names)):
            print(f"quick.txt: {toolchain.version} has no script {gone}")
        names = [name for name in names if name in quick]
    names = [name for name in names if re.search(args.pattern, name)]
    return names or sys.exit("run: no script has such a name")


class Baseline:
    """What plain go makes of each script, kept between runs for as long as the test binary stays the same."""

    def __init__(self, toolchain, stamp):
        self.path = os.path.join(toolchain.work, "plain.json")
        self.stamp = stamp
        self.results = {}
        try:
            with open(self.path, encoding="utf-8") as kept:
                kept = json.load(kept)
            if kept["stamp"] == stamp:
                self.results = kept["results"]
        except (OSError, ValueError, KeyError):
            pass  # nothing kept, or not readable: all scripts are run anew

    def add(self, results):
        """Takes in newer results and writes them down."""
        self.results.update(results)
        with open(self.path + ".part", "w", encoding="utf-8") as out:
            json.dump({"stamp": self.stamp, "results": self.results}, out, indent=0, sort_keys=True)
        os.rename(self.path + ".part", self.path)


def listing(title, names, notes=None):
    """Prints names under a title, one a line; nothing where there are none."""
    if names:
        print(f"\n{title}:")
        for name in sorted(names):
            print(f"  {name}  {(notes or {}).get(name, '')}".rstrip())


def main():
    args = arguments()
    toolchain = overlay.Toolchain(args.go, os.path.join(ROOT, "target", "cmdgo"))
    shim = None if args.plain else shim_path(args.gosteady)
    os.makedirs(toolchain.work, exist_ok=True)
    binary, stamp = overlay.test_binary(toolchain)
    names = choose(toolchain, args)

    baseline = Baseline(toolchain, stamp)
    unknown = names if args.plain else [name for name in names if name not in baseline.results]
    if unknown:
        print(f"{len(unknown)} scripts with plain {toolchain.version}", flush=True)
        plain = suite.run(toolchain, binary, unknown, args.jobs, limit=args.limit)
        bad = [name for name in unknown if plain.results[name] == "fail"]
        suite.keep_logs(plain, os.path.join(toolchain.work, "plain"), bad)
        baseline.add(plain.results)
        for complaint in plain.complaints:
            print(f"plain go: {complaint}")

    def by_plain(result):
        return [name for name in names if baseline.results[name] == result]

    if args.plain:
        listing("not passed by plain go", by_plain("fail"))
        print(f"\n{len(by_plain('pass'))} passed, {len(by_plain('fail'))} failed, {len(by_plain('skip'))} skipped")
        return 1 if by_plain("fail") else 0

    judged = by_plain("pass")
    print(f"{len(judged)} scripts behind {shim}", flush=True)
    done = suite.run(toolchain, binary, judged, args.jobs, shim, args.limit)
    complaints = list(done.complaints)
    if not suite.guards(toolchain, shim):
        complaints.append("this shim guards nothing: what was tested is a pass-through")
    differ = [name for name in judged if done.results[name] != "pass"]

    # A busy machine fails a script now and then. One that fails is run once more, one at a time, each way.
    exceptions = suite.names_in(os.path.join(HERE, "exceptions.txt"))
    again = [name for name in differ if name not in exceptions]
    unsteady = []
    logs = os.path.join(toolchain.work, "behind-gosteady")
    if again:
        suite.keep_logs(done, logs, again)
        print(f"{len(again)} scripts differ; running them once more", flush=True)
        second = suite.run(toolchain, binary, again, 1, shim, args.limit)
        complaints += second.complaints
        suite.keep_logs(second, logs, [name for name in again if second.results[name] != "pass"])
        unsteady = [name for name in again if second.results[name] == "pass"]
        plain = suite.run(toolchain, binary, [name for name in again if name not in unsteady], 1, None, args.limit)
        baseline.add(plain.results)
        differ = [name for name in differ if name not in unsteady and baseline.results[name] == "pass"]

    judged = by_plain("pass")
    excepted = [name for name in differ if name in exceptions]
    stale = [name for name in exceptions if name in judged and name not in differ]
    failed = [name for name in differ if name not in exceptions]
    skipped = by_plain("skip") + by_plain("fail")
    passed = len(judged) - len(excepted) - len(failed) - len(stale)
    listing("nothing to compare: plain go does not pass them here", by_plain("fail"))
    listing("passed only when run once more", unsteady)
    listing("excepted", excepted, exceptions)
    listing("named in exceptions.txt, but they pass: take them out", stale)
    listing(f"passed by plain go, not behind gosteady (logs in {os.path.relpath(logs)})", failed)
    listing("about the run as a whole", complaints)
    failures = len(failed) + len(stale) + len(complaints)
    print(f"\n{passed} passed, {failures} failed, {len(skipped) + len(excepted)} skipped")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
