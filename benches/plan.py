"""How much is run: everything, or a little of everything."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Effort:
    """Counts for each part. A pair is one run of plain go and one of the shim."""

    warm_pairs: int
    guarded_pairs: int
    loopback_pairs: int
    # `latency`, `faults` and `stall` have so many modules, `scale` has these: one plain run and some of ours each.
    modules: int
    latency_pairs: int
    scale: tuple
    scale_runs: int
    # `bandwidth`: zips of so many bytes.
    zips: int
    zip_bytes: int
    bandwidth_pairs: int
    # `faults`: pulls of `modules` modules through the shim for each kind of trouble, and runs of plain go's retry loop.
    fault_runs: dict
    loop_runs: dict
    # `stall`: rounds of three runs.
    stall_rounds: int
    real_pairs: int
    # `small`: modules of the project, of which the command needs some; pairs.
    large_module: int
    small_pairs: int


FULL = Effort(
    warm_pairs=100,
    guarded_pairs=30,
    loopback_pairs=20,
    modules=100,
    latency_pairs=3,
    scale=(500, 1000),
    scale_runs=3,
    zips=8,
    zip_bytes=4 << 20,
    bandwidth_pairs=2,
    fault_runs={"request": 25, "connection": 15, "burst 5 s": 6, "burst 20 s": 4},
    loop_runs={"request": 3, "connection": 3, "burst 5 s": 2, "burst 20 s": 2},
    stall_rounds=3,
    real_pairs=5,
    large_module=500,
    small_pairs=2,
)

QUICK = Effort(
    warm_pairs=20,
    guarded_pairs=4,
    loopback_pairs=3,
    modules=25,
    latency_pairs=1,
    scale=(60, 120),
    scale_runs=1,
    zips=2,
    zip_bytes=2 << 20,
    bandwidth_pairs=1,
    fault_runs={"request": 2, "connection": 1, "burst 5 s": 1},
    loop_runs={"request": 1},
    stall_rounds=1,
    real_pairs=1,
    large_module=60,
    small_pairs=1,
)
