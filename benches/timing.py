"""Starting programs and measuring what they take, and the comparison of two ways."""

import dataclasses
import os
import signal
import statistics
import subprocess
import threading
import time

# After this many seconds a command counts as stuck and ends the bench, unless a bound of its own was given.
STUCK = 900
POLL = 0.01


@dataclasses.dataclass(frozen=True)
class Took:
    """What one command took: seconds by the clock, processor seconds of it and its children, its status (negative: the
    signal that ended it), and the peak of its own resident memory in bytes where that was asked for."""

    seconds: float
    processor: float
    status: int = 0
    peak: int | None = None


def once(argv, env, cwd, log, bound=None, memory=False):
    """Runs one command to its end, which is SIGTERM after `bound` seconds. Without a bound, failure ends the bench."""
    with open(log, "wb") as printed:
        start = time.perf_counter()
        streams = {"stdin": subprocess.DEVNULL, "stdout": printed, "stderr": printed}
        process = subprocess.Popen(argv, env=env, cwd=cwd, close_fds=False, **streams)
    timer = threading.Timer(bound or STUCK, os.kill, (process.pid, signal.SIGTERM))
    timer.daemon = True
    timer.start()
    watch = Peak(process.pid) if memory else None
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    timer.cancel()
    process.returncode = code = os.waitstatus_to_exitcode(status)
    if code != 0 and bound is None:
        with open(log, encoding="utf-8", errors="replace") as printed:
            raise SystemExit(f"{' '.join(argv)}: status {code}\n{printed.read()}")
    return Took(seconds, usage.ru_utime + usage.ru_stime, code, watch.end() if watch else None)


class Peak:
    """Follows the peak of a process's resident memory (VmHWM); wait4 would give the greatest of it and its children."""

    def __init__(self, pid):
        self.pid, self.bytes, self.over = pid, None, threading.Event()
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def follow(self):
        """Reads until the process is gone; a zombie has no memory any more."""
        while not self.over.is_set():
            try:
                with open(f"/proc/{self.pid}/status", encoding="utf-8") as status:
                    self.bytes = high_water(status.read()) or self.bytes
            except OSError:
                return
            self.over.wait(POLL)

    def end(self):
        """Stops; returns the bytes, or None where there is no /proc."""
        self.over.set()
        self.thread.join()
        return self.bytes


def high_water(status):
    """The bytes of the line VmHWM in the text of /proc/PID/status, or None."""
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return None


def alternate(plain, steady, pairs, told=None):
    """Calls two functions in turn: plain, steady, steady, plain, …; returns the list of what each returned. `told` is
    called with both results of each pair."""
    theirs, ours = [], []
    for turn in range(pairs):
        if turn % 2 == 0:
            theirs.append(plain())
            ours.append(steady())
        else:
            ours.append(steady())
            theirs.append(plain())
        if told:
            told(theirs[-1], ours[-1])
    return theirs, ours


def seconds(runs):
    """The median seconds of some runs."""
    return statistics.median(run.seconds for run in runs)


def ratio(theirs, ours):
    """The median of the pairwise ratios, ours to theirs: a burst of load strikes both halves of a pair."""
    return statistics.median(b.seconds / a.seconds for a, b in zip(theirs, ours))


def processor_ratio(theirs, ours):
    """The same for processor time."""
    return statistics.median(b.processor / a.processor for a, b in zip(theirs, ours))


def added(theirs, ours):
    """The quartiles of the pairwise differences in seconds: (low, median, high)."""
    difference = [b.seconds - a.seconds for a, b in zip(theirs, ours)]
    if len(difference) == 1:
        return difference[0], difference[0], difference[0]
    return tuple(statistics.quantiles(difference, n=4))
