"""Two mirrors, of which the first accepts connections and then says nothing."""

import dataclasses
import statistics

from fixtures import DOWNLOAD, many
from mirrors import NEAR
from parts.common import cold, say
from rows import Row, seconds

WHAT = "one of two public mirrors stalls on everything: what that costs in the first run and in the next"
SILENT = dataclasses.replace(NEAR, faults={"stall": 0}, burst_ms=1e9)
# So long plain go is watched; it has no bound of its own.
WATCH = 20


def run(box, effort, _):
    """A row for the first run and one for the second; each round has a home of its own, which its runs share."""
    name, _ = many(box, effort.modules)
    costs, runs = {"first": [], "second": []}, []
    with box.mirrors(2) as upstreams:
        say(f"go mod download, {effort.modules} modules, one of two mirrors silent: {effort.stall_rounds} rounds")
        for _ in range(effort.stall_rounds):
            well, _ = cold(box, True, DOWNLOAD, name, upstreams, NEAR)
            home, taken = box.place(), []
            for which, cost in costs.items():
                cache = f"{home}/modcache-{which}"
                took, tallies = cold(box, True, DOWNLOAD, name, upstreams, [SILENT, NEAR], home=home, GOMODCACHE=cache)
                cost.append(took.seconds - well.seconds)
                taken.append(took.seconds)
                runs.append({"well": well.seconds, which: took.seconds, "mirrors": tallies})
            say(f"  both well {seconds(well.seconds)}, first run {seconds(taken[0])}, next run {seconds(taken[1])}")
        plain, _ = cold(box, False, DOWNLOAD, name, upstreams, [SILENT, NEAR], bound=WATCH)
    say(f"  plain go: {'no end' if plain.status else 'ended'} after {seconds(plain.seconds)}")
    theirs = None if plain.status else plain.seconds
    rows = []
    # The clock of a busy machine is no finer than this.
    for which, bound in (("first", 9), ("second", 0.25)):
        cost = statistics.median(costs[which])
        ours = statistics.median(run[which] for run in runs if which in run)
        case = f"a silent mirror, {which} run"
        note = f"of two; plain go {'never ends' if theirs is None else 'is not stopped'}"
        more = {"note": note, "endless": theirs is None}
        rows.append(Row("stall", case, cost, "cost", theirs, ours, bound, detail={"runs": runs}, **more))
    return rows
