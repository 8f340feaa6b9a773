"""More modules over the same link, and what the shim needs of memory."""

from fixtures import DOWNLOAD, many
from mirrors import FAR
from parts.common import FAR_NOTE, cold, faster, say, side_by_side
from rows import Row, seconds

WHAT = "500 and 1000 modules over the same link, and the peak of the shim's own resident memory"
MIB = 1 << 20
PEAK = "peak of the shim's own"


def run(box, effort, done):
    """A row of speed and one of memory for each size. Plain go waits for the link nearly all of its time, which is
    minutes, so its runs of all sizes go on side by side, each with a mirror of its own; ours are alone."""
    names = [many(box, count)[0] for count in effort.scale]
    with box.mirrors(len(names)) as upstreams:
        say(f"plain go mod download, {' and '.join(map(str, effort.scale))} modules, side by side")
        plain = side_by_side(
            lambda number: cold(box, False, DOWNLOAD, names[number], [upstreams[number]], FAR), range(len(names))
        )
        say("  plain go " + ", ".join(seconds(took.seconds) for took, _ in plain))
        rows = []
        for count, name, mirror, (theirs, seen) in zip(effort.scale, names, upstreams, plain):
            say(f"go mod download, {count} modules: {effort.scale_runs} runs of ours")
            ran = [cold(box, True, DOWNLOAD, name, [mirror], FAR, memory=True) for _ in range(effort.scale_runs)]
            ours = [took for took, _ in ran]
            say("  gosteady " + ", ".join(f"{seconds(took.seconds)} {(took.peak or 0) / MIB:.1f} MiB" for took in ours))
            tallies = {False: seen, True: [tally for _, [tally] in ran]}
            case = f"go mod download, {count} modules"
            rows.append(faster("scale", case, [theirs] * len(ours), ours, before(done), tallies, FAR_NOTE))
            if peaks := [took.peak for took in ours if took.peak]:
                figure = {"figure": max(peaks) / MIB, "unit": "memory", "bound": 64}
                rows.append(Row("scale", f"memory, {count} modules", note=PEAK, detail={"bytes": peaks}, **figure))
    return rows


def before(done):
    """How many times as fast the download over this link was with fewer modules, where that was measured: the ratio
    must not fall."""
    for row in done:
        if row.part == "latency" and "download" in row.case:
            return row.figure
    return None
