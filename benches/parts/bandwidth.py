"""Large zips over a thin link: nobody can be faster than the bytes are."""

import dataclasses

import timing
from fixtures import DOWNLOAD, project
from mirrors import FAR
from parts.common import detail, pairs, say
from rows import Row

WHAT = "`go mod download` of large zips at 20 Mbit/s, against the time that the bytes need at least"
RATE = 20e6


def run(box, effort, _):
    """One row."""
    required = project(box, "zips", [effort.zip_bytes] * effort.zips)
    needed = sum(module.bytes for module in required)
    ideal = needed * 8 / RATE
    say(f"go mod download, {effort.zips} zips of {effort.zip_bytes >> 20} MiB, 20 Mbit/s: at least {ideal:.1f} s")
    with box.mirrors() as upstreams:
        link = dataclasses.replace(FAR, bits_per_second=RATE)
        theirs, ours, tallies = pairs(box, DOWNLOAD, "zips", upstreams, link, effort.bandwidth_pairs)
    plain, steady = timing.seconds(theirs), timing.seconds(ours)
    case = f"go mod download, {effort.zips} large zips"
    note = f"20 Mbit/s; at the least {ideal:.1f} s"
    more = detail(theirs, ours, tallies, ideal_seconds=ideal)
    return [Row("bandwidth", case, steady / ideal, "ideal", plain, steady, 1.1, False, note, detail=more)]
