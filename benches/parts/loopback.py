"""A mirror that answers at once: the worst case, with no slowness to hide and every byte crossing loopback twice."""

import timing
from fixtures import DOWNLOAD, project
from mirrors import Link
from parts.common import detail, pairs, say
from rows import Row

WHAT = "`go mod download` of 100 modules (12 MiB) from a mirror that answers at once"
COUNT, BALLAST = 100, 128 << 10


def run(box, effort, _):
    """One row."""
    project(box, "large", [BALLAST] * COUNT)
    say(f"go mod download, {COUNT} modules, loopback: {effort.loopback_pairs} pairs")
    with box.mirrors() as upstreams:
        pairs(box, DOWNLOAD, "large", upstreams, Link(), 1)
        theirs, ours, tallies = pairs(box, DOWNLOAD, "large", upstreams, Link(), effort.loopback_pairs)
    more = detail(theirs, ours, tallies, processor_ratio=timing.processor_ratio(theirs, ours))
    return [
        Row(
            "loopback", f"go mod download, {COUNT} modules", timing.ratio(theirs, ours), "time",
            timing.seconds(theirs), timing.seconds(ours), 1.05, False,
            "from a mirror on loopback", detail=more,
        )
    ]  # fmt: skip
