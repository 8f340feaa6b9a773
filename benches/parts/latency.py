"""A far mirror: every request waits for a round trip."""

from fixtures import BUILD, DOWNLOAD, many
from mirrors import FAR
from parts.common import FAR_NOTE, faster, pairs, say

WHAT = "`go mod download` and a cold `go build` of many small modules from a mirror 100 ms away"


def run(box, effort, _):
    """Two rows."""
    count = effort.modules
    name, _ = many(box, count)
    rows = []
    with box.mirrors() as upstreams:
        for verb, args, least in (("mod download", DOWNLOAD, 20), ("build", BUILD, 10)):
            if verb == "build":
                # The standard library is compiled before, by whoever comes first.
                box.call(False, args, name, box.place(), upstreams)
            say(f"go {verb}, {count} modules, 100 ms")
            theirs, ours, tallies = pairs(box, args, name, upstreams, FAR, effort.latency_pairs)
            rows.append(faster("latency", f"go {verb}, {count} modules", theirs, ours, least, tallies, FAR_NOTE))
    return rows
