"""One small command of a large module: what was asked for and not needed."""

import random
import statistics

import timing
from fixtures import BUILD, project
from mirrors import FAR
from parts.common import FAR_NOTE, detail, faster, pairs, say
from rows import Row

WHAT = "a cold `go build` of one small command in a large module: how many bytes more than plain go"
# Modules import the next in chains so long; the command imports the heads of some.
CHAIN, HEADS = 4, 5


def run(box, effort, _):
    """A row for the bytes and one for the time."""
    count = effort.large_module
    sizes = [min(1 << 20, int(random.Random(f"size {n}").lognormvariate(10.5, 1))) for n in range(count)]
    project(box, "large_module", sizes, CHAIN, commands)
    args = BUILD[:-1] + ["./cmd/small"]
    case = f"go build, {CHAIN * HEADS} of {count} modules"
    say(case)
    with box.mirrors() as upstreams:
        box.call(False, args, "large_module", box.place(), upstreams)
        theirs, ours, tallies = pairs(box, args, "large_module", upstreams, FAR, effort.small_pairs)
    sent = {steady: [tally["bytes"] for tally in tallies[steady]] for steady in tallies}
    extra = statistics.median(b / a for a, b in zip(sent[False], sent[True])) - 1
    say(f"  bytes: plain go {sent[False]}, gosteady {sent[True]}")
    return [
        Row(
            "small", "bytes beyond plain go's", extra * 100, "bytes", timing.seconds(theirs), timing.seconds(ours), 10,
            note=f"{case[3:]} needed", detail=detail(theirs, ours, tallies),
        ),
        faster("small", case, theirs, ours, None, note=FAR_NOTE),
    ]  # fmt: skip


def commands(paths):
    """Two commands: one imports everything, the other the heads of chains spread over the whole."""
    heads = paths[::CHAIN]
    step = len(heads) // HEADS
    return {"cmd/all": heads, "cmd/small": heads[step // 2 :: step][:HEADS]}
