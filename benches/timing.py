"""Starting programs and measuring how long they take, and the comparison of two ways."""

import os
import statistics
import time


def once(argv, env, cwd, log):
    """Runs one command to its end; returns the seconds it took by the clock, and the processor seconds of it and its
    children. Ends the bench where the command fails."""
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    os.chdir(cwd)
    start = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, env, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        with open(log, encoding="utf-8", errors="replace") as printed:
            raise SystemExit(f"{' '.join(argv)}: status {os.waitstatus_to_exitcode(status)}\n{printed.read()}")
    return seconds, usage.ru_utime + usage.ru_stime


def alternate(plain, steady, pairs):
    """Calls two functions in turn: plain, steady, steady, plain, …; returns the list of what each returned."""
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
    """What two lists of (seconds, processor seconds) say. `added` is the median of the pairwise differences,
    `ratio` that of the pairwise ratios: a burst of load strikes both halves of a pair."""
    difference = [(b - a) * 1e3 for (a, _), (b, _) in zip(theirs, ours)]
    low, middle, high = statistics.quantiles(difference, n=4)
    return {
        "pairs": len(theirs),
        "plain_median_ms": statistics.median(a for a, _ in theirs) * 1e3,
        "gosteady_median_ms": statistics.median(b for b, _ in ours) * 1e3,
        "added_ms": middle,
        "added_quartiles_ms": [low, high],
        "ratio": statistics.median(b / a for (a, _), (b, _) in zip(theirs, ours)),
        "processor_ratio": statistics.median(b / a for (_, a), (_, b) in zip(theirs, ours)),
    }
