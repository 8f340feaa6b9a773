"""What the shim costs where there is nothing to do."""

import contextlib
import os

import timing
from fixtures import project
from parts.common import detail, say
from rows import Row

WHAT = "`go version`, and a warm `go build` of a project with 320 requirements: what is added to each"
REQUIRES = 320
COMMANDS = {"go version": ["version"], "go build, warm": ["build", "-o", os.devnull]}


@contextlib.contextmanager
def warmed(box):
    """A module cache that only `go build` ever filled, and one guarded build, after which the shim knows it. Gives the
    home and the upstreams."""
    project(box, "required", [0] * REQUIRES)
    with box.mirrors() as upstreams:
        home = box.place()
        for steady in (False, True):
            box.call(steady, COMMANDS["go build, warm"], "required", home, upstreams)
        yield home, upstreams


def run(box, effort, _):
    """A row for each command."""
    with warmed(box) as (home, upstreams):
        return [pairs(box, "warm", label, args, home, upstreams, effort.warm_pairs) for label, args in COMMANDS.items()]


def pairs(box, part, label, args, home, upstreams, count, env=dict):
    """Pairs of warm runs and their row. `env` makes the variables that a run has more."""
    say(f"{label}: {count} pairs")
    theirs, ours = timing.alternate(
        lambda: box.call(False, args, "required", home, upstreams, **env()),
        lambda: box.call(True, args, "required", home, upstreams, **env()),
        count,
    )
    low, middle, high = timing.added(theirs, ours)
    more = detail(
        theirs, ours, added_quartiles_ms=[low * 1e3, high * 1e3],
        ratio=timing.ratio(theirs, ours), processor_ratio=timing.processor_ratio(theirs, ours),
    )  # fmt: skip
    return Row(part, label, middle * 1e3, "added", timing.seconds(theirs), timing.seconds(ours), detail=more)
