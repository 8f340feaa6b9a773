"""Measures gosteady side by side with plain go in one run. Ratios and differences; no absolute times.

Makes its own projects and its own module mirrors on loopback, with made-up links and faults; nothing leaves the
machine, except with --real. Prints a table and writes target/benches/latest.json; docs/benchmarks.md says how to
read it.
"""

import argparse
import dataclasses
import datetime
import os
import platform
import subprocess
import sys
import time

import chart
import plan
import report
import sandbox
from parts import (
    bandwidth,
    faults,
    guarded,
    latency,
    loopback,
    real,
    scale,
    small,
    stall,
    system_calls,
    warm,
)
from parts.common import say
from results import Results

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = os.path.join(ROOT, "target", "benches")
DOCS = os.path.join(ROOT, "docs")
# In the order in which they are measured and shown.
PARTS = {
    "latency": latency,
    "scale": scale,
    "small": small,
    "bandwidth": bandwidth,
    "loopback": loopback,
    "faults": faults,
    "stall": stall,
    "warm": warm,
    "guarded": guarded,
    "syscalls": system_calls,
    "real": real,
}

OPTIONS = {
    "--quick": {
        "action": "store_true",
        "help": "a little of everything in a few minutes, to see that it works; judges nothing, writes quick.json",
    },
    "--real": {"metavar": "PROJECT", "help": "for the part `real`: a folder with go.mod and go.sum, or MODULE@VERSION"},
    "--draw": {
        "action": "store_true",
        "help": "measure nothing; make docs/benchmarks.svg and the table in docs/benchmarks.md of the last results",
    },
    "--gosteady": {"metavar": "PATH", "help": "a release build; default: target/release/gosteady"},
    "--go": {"metavar": "PATH", "help": "the plain go; default: the one in GOROOT of go on PATH"},
    "--work": {"metavar": "DIR", "help": "for homes and caches, made anew and removed; default: target/benches/work"},
    "parts": {"nargs": "*", "metavar": "PART", "help": "default: all but `real`; with --real: only that"},
}


def arguments(argv):
    """The command line."""
    parts = "\n".join(f"  {name:10} {part.WHAT}" for name, part in PARTS.items())
    parser = argparse.ArgumentParser(
        prog="benches/run", description=__doc__, epilog=f"parts:\n{parts}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    for option, how in OPTIONS.items():
        parser.add_argument(option, **how)
    args = parser.parse_args(argv)
    if unknown := set(args.parts) - set(PARTS):
        parser.error(f"no such part: {' '.join(sorted(unknown))}")
    if "real" in args.parts and not args.real:
        parser.error("the part `real` needs --real PROJECT")
    args.parts = chosen(args.parts, args.real)
    return args


def chosen(parts, real_project):
    """The parts to measure, in order."""
    asked = set(parts) or (set() if real_project else set(PARTS) - {"real"})
    return [part for part in PARTS if part in asked or (part == "real" and real_project)]


def output(argv):
    """What a command prints on stdout."""
    return subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def measure(args, results):
    """Measures the parts; returns their rows, and the folder to remove."""
    gosteady = os.path.abspath(args.gosteady or os.path.join(ROOT, "target", "release", "gosteady"))
    if not os.access(gosteady, os.X_OK):
        sys.exit(f"benches/run: no {gosteady}; `cargo build --release` makes one")
    go = os.path.realpath(args.go or os.path.join(output(["go", "env", "GOROOT"]), "bin", "go"))
    work = os.path.join(os.path.abspath(args.work), "gosteady-benches") if args.work else os.path.join(OUT, "work")
    os.makedirs(OUT, exist_ok=True)

    versions = {"go": output([go, "env", "GOVERSION"]), "gosteady": version(gosteady)}
    box = sandbox.Sandbox(go, gosteady, work, os.path.join(OUT, "gocache"))
    effort = plan.QUICK if args.quick else plan.FULL
    rows = []
    for part in args.parts:
        start, load = time.perf_counter(), os.getloadavg()[0]
        say(f"\n{part}: {PARTS[part].WHAT}; load {load:.1f}")
        measured = PARTS[part].run(box, effort, args.real if part == "real" else rows)
        if args.quick:
            # The bounds are for the full counts.
            measured = [dataclasses.replace(row, bound=None) for row in measured]
        took = time.perf_counter() - start
        results.put(part, measured, facts(versions, load, took))
        say(f"  {part} took {took:.0f} s")
        rows += measured
    return rows, work


def version(gosteady):
    """The version of a gosteady; its launcher has none of its own and stands beside one that has."""
    return output([os.path.join(os.path.dirname(gosteady), "gosteady"), "--version"]).split()[-1]


def facts(versions, load, took):
    """Where and when something was measured: versions, machine, the load average before it, seconds."""
    return versions | {
        "date": datetime.date.today().isoformat(),
        "system": platform.system(),
        "processors": os.cpu_count(),
        "load_before": load,
        "seconds": took,
    }


def draw(results, quick):
    """Makes the drawing and the table in the documentation."""
    rows = results.rows(PARTS)
    if not rows:
        sys.exit(f"benches/run: there is nothing in {results.path} yet")
    facts_of = results.facts()
    with open(os.path.join(DOCS, "benchmarks.svg"), "w", encoding="utf-8") as out:
        out.write(chart.draw(rows, report.where(facts_of), quick))
    page = os.path.join(DOCS, "benchmarks.md")
    with open(page, encoding="utf-8") as text:
        whole = report.replaced(text.read(), report.markdown(rows, facts_of, quick))
    with open(page, "w", encoding="utf-8") as out:
        out.write(whole)
    print("drawn: docs/benchmarks.svg and the table in docs/benchmarks.md")


def main():
    """Returns 1 if something does not reach what it must."""
    args = arguments(sys.argv[1:])
    results = Results(os.path.join(OUT, "quick.json" if args.quick else "latest.json"))
    if args.draw:
        return draw(results, args.quick)
    start = time.perf_counter()
    rows, work = measure(args, results)
    print(f"\n{report.table(rows)}\n")
    for line in report.missed(rows):
        print(f"MISSED: {line}")
    minutes = (time.perf_counter() - start) / 60
    print(f"written to {os.path.relpath(results.path, ROOT)}; {minutes:.1f} minutes", flush=True)
    sandbox.remove(work)
    return 1 if report.missed(rows) else 0


if __name__ == "__main__":
    sys.exit(main())
