"""Faults: how many modules arrive at the first try, and how long that takes beside plain go in a retry loop."""

import dataclasses
import statistics
import time

import sandbox
from fixtures import DOWNLOAD, many
from mirrors import NEAR, evenly
from parts.common import cold, say
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
    count = effort.modules
    name, _ = many(box, count)
    rows, all_ours, all_theirs = [], [], []
    for trouble, runs in effort.fault_runs.items():
        loops = effort.loop_runs.get(trouble, 0)
        say(f"go mod download, {count} modules, {NAMES[trouble]}: {runs} runs of ours, {loops} of plain go's loop")
        links = TROUBLES[trouble]
        with box.mirrors(len(links)) as upstreams:
            ours, theirs = [], []
            for seed in range(runs):
                seeded = [dataclasses.replace(link, seed=seed) for link in links]
                if seed < loops:
                    theirs.append(loop(box, name, upstreams, seeded))
                    say(f"  seed {seed}: plain go {told(theirs[-1], count)}")
                ours.append(once(box, name, upstreams, seeded))
                say(f"  seed {seed}: gosteady {told(ours[-1], count)}")
        all_ours += ours
        all_theirs += theirs
        kept = {"gosteady": [vars(pull) for pull in ours], "plain": [vars(pull) for pull in theirs]}
        note = f"{count} modules; plain go: retry loop"
        steady = statistics.median(pull.seconds for pull in ours)
        if theirs:
            plain = statistics.median(pull.seconds for pull in theirs)
            figure = {"figure": plain / steady, "unit": "faster", "bound": 4, "least": True}
            rows.append(Row("faults", NAMES[trouble], plain=plain, steady=steady, note=note, detail=kept, **figure))
    share = arrived(all_ours, count)
    pulls = count * len(all_ours)
    kept = {"pulls": pulls, "plain_pulls": count * len(all_theirs), "plain_share": arrived(all_theirs, count)}
    say(f"  at the first try: gosteady {share:.3f} % of {pulls}, plain go {kept['plain_share']:.1f} %")
    figure = {"figure": share, "unit": "arrived", "bound": 99.98, "least": True}
    note = f"{pulls} pulls under faults"
    return rows + [Row("faults", "modules at the first try", note=note, detail=kept, **figure)]


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
