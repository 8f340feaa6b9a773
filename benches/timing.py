"""Starting programs and measuring how long they take, and the comparison of two ways."""

import os
import statistics
import time


def once(argv, env, cwd, log):
    """Runs one command to its end and returns the seconds it took. Ends the bench where the command fails."""
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    os.chdir(cwd)
    start = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, env, file_actions=actions)
    _, status, _ = os.wait4(pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        with open(log, encoding="utf-8", errors="replace") as printed:
            raise SystemExit(f"{' '.join(argv)}: status {os.waitstatus_to_exitcode(status)}\n{printed.read()}")
    return seconds


def alternate(plain, steady, pairs):
    """Calls two functions that return seconds in turn: plain, steady, steady, plain, …; returns both lists."""
    ours, theirs = [], []
    for turn in range(pairs):
        if turn % 2 == 0:
            theirs.append(plain())
            ours.append(steady())
        else:
            ours.append(steady())
            theirs.append(plain())
    return theirs, ours


def summary(theirs, ours):
    """What two lists of seconds say: medians, lower deciles, the median of the pairwise differences (all in
    milliseconds) with its quartiles, and the ratio of the medians."""
    difference = [(b - a) * 1e3 for a, b in zip(theirs, ours)]
    low, middle, high = statistics.quantiles(difference, n=4)
    return {
        "pairs": len(theirs),
        "plain_median_ms": statistics.median(theirs) * 1e3,
        "gosteady_median_ms": statistics.median(ours) * 1e3,
        "plain_p10_ms": statistics.quantiles(theirs, n=10)[0] * 1e3,
        "gosteady_p10_ms": statistics.quantiles(ours, n=10)[0] * 1e3,
        "added_ms": middle,
        "added_quartiles_ms": [low, high],
        "ratio": statistics.median(ours) / statistics.median(theirs),
    }
