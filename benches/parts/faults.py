"""Faults: how many modules arrive at the first try, and how long that takes beside plain go in a retry loop."""

import dataclasses
import statistics
import time

import sandbox
from fixtures import DOWNLOAD, many
from mirrors import NEAR, evenly
from parts.common import cold, say, side_by_side
from rows import Row, seconds

WHAT = "2.7 % of requests, or of connections, meet a fault, or one of two mirrors fails everything for 5 or 20 s"
SHARE = 0.027
# The retry loop of plain go: an attempt is killed after so many seconds, for it would wait for ever, and the next comes
# a second later; so many attempts at most.
ATTEMPT, PAUSE, ATTEMPTS = 20, 1, 20
# A command of ours that takes longer has failed.
BOUND = 120
# By kind of trouble: the links of the upstreams, the first of which is asked first. A burst begins with the command.
TROUBLES = {
    "request": [dataclasses.replace(NEAR, faults=evenly(SHARE))],
    "connection": [dataclasses.replace(NEAR, faults=evenly(SHARE), per_connection=True)],
    "burst 5 s": [dataclasses.replace(NEAR, faults=evenly(0), burst_ms=5e3), NEAR],
    "burst 20 s": [dataclasses.replace(NEAR, faults=evenly(0), burst_ms=20e3), NEAR],
}
NAMES = {
    "request": "2.7 % of requests fail",
    "connection": "2.7 % of connections fail",
    "burst 5 s": "first of two fails for 5 s",
    "burst 20 s": "first of two fails for 20 s",
}


@dataclasses.dataclass(frozen=True)
class Pull:
    """One project pulled: seconds until it was whole (or given up), modules there after the first command, tries."""

    seconds: float
    first: int
    tries: int
    faults: int


def run(box, effort, _):
    """A row of time for each trouble, and one for all pulls."""
    name, _ = many(box, effort.modules)
    loops = plain_loops(box, effort, name)
    rows, all_ours = [], []
    for trouble, runs in effort.fault_runs.items():
        ours, theirs = our_pulls(box, effort, name, trouble, runs), loops.get(trouble, [])
        all_ours += ours
        if theirs:
            steady, plain = (statistics.median(pull.seconds for pull in pulls) for pulls in (ours, theirs))
            detail = {"gosteady": [vars(pull) for pull in ours], "plain": [vars(pull) for pull in theirs]}
            figure = {"figure": plain / steady, "unit": "faster", "bound": 4, "least": True}
            note = f"{effort.modules} modules; plain go: retry loop"
            rows.append(Row("faults", NAMES[trouble], plain=plain, steady=steady, note=note, detail=detail, **figure))
    share = arrived(all_ours, effort.modules)
    pulls = effort.modules * len(all_ours)
    plain = arrived([pull for pulls in loops.values() for pull in pulls], effort.modules)
    say(f"  at the first try: gosteady {share:.3f} % of {pulls}, plain go {plain:.1f} %")
    figure = {"figure": share, "unit": "arrived", "bound": 99.98, "least": True}
    detail = {"pulls": pulls, "plain_share": plain}
    return rows + [
        Row("faults", "modules at the first try", note=f"{pulls} pulls under faults", detail=detail, **figure)
    ]


def plain_loops(box, effort, name):
    """The pulls of plain go's retry loop by trouble, all side by side."""
    jobs = [(trouble, seed) for trouble, runs in effort.loop_runs.items() for seed in range(runs)]
    say(f"plain go's retry loop, {effort.modules} modules: {len(jobs)} pulls side by side")

    def job(which):
        links = seeded(*which)
        with box.mirrors(len(links)) as upstreams:
            return loop(box, name, upstreams, links)

    loops = {}
    for (trouble, seed), pull in zip(jobs, side_by_side(job, jobs)):
        say(f"  {NAMES[trouble]}, seed {seed}: {told(pull, effort.modules)}")
        loops.setdefault(trouble, []).append(pull)
    return loops


def our_pulls(box, effort, name, trouble, runs):
    """Pulls through the shim, one after the other."""
    say(f"go mod download behind gosteady, {effort.modules} modules, {NAMES[trouble]}: {runs} pulls")
    pulls = []
    with box.mirrors(len(TROUBLES[trouble])) as upstreams:
        for seed in range(runs):
            pulls.append(once(box, name, upstreams, seeded(trouble, seed)))
            say(f"  seed {seed}: {told(pulls[-1], effort.modules)}")
    return pulls


def seeded(trouble, seed):
    """The links of a trouble with a seed."""
    return [dataclasses.replace(link, seed=seed) for link in TROUBLES[trouble]]


def arrived(pulls, count):
    """The share of modules that were there after the first command, in per cent."""
    return 100 * sum(pull.first for pull in pulls) / (count * len(pulls))


def told(pull, count):
    """A pull in words."""
    there = f"{pull.first} of {count} at the first try"
    return f"{seconds(pull.seconds)}, {there}, {pull.tries} tries, {pull.faults} faults"


def once(box, name, upstreams, links):
    """One pull through the shim: a single command."""
    home = box.place()
    took, tallies = cold(box, True, DOWNLOAD, name, upstreams, links, home=home, bound=BOUND)
    return Pull(took.seconds, sandbox.arrived(home), 1, faults(tallies))


def loop(box, name, upstreams, links):
    """One pull with plain go in a retry loop; the module cache stays from try to try, as it would."""
    home = box.place()
    for mirror, link in zip(upstreams, links):
        mirror.change(link)
    start, first = time.perf_counter(), None
    for tries in range(1, ATTEMPTS + 1):
        took = box.call(False, DOWNLOAD, name, home, upstreams, bound=ATTEMPT)
        first = sandbox.arrived(home) if first is None else first
        if took.status == 0:
            break
        time.sleep(PAUSE)
    taken = time.perf_counter() - start
    return Pull(taken, first, tries, faults([mirror.change(link) for mirror, link in zip(upstreams, links)]))


def faults(tallies):
    """How many requests met a fault."""
    return sum(sum(tally["faults"].values()) for tally in tallies)
