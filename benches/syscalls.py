"""What the shim asks of the kernel before real go takes its place."""

import collections
import os
import re
import subprocess

CALL = re.compile(r"^(?:\d+\s+)?(\w+)\((.*)$")
OPENED = re.compile(r'"((?:[^"\\]|\\.)*)"')
# A runtime, a thread or a child, a connection: none of them has a place on the fast path.
FORBIDDEN = {"socket", "connect", "clone", "clone3", "fork", "vfork", "epoll_create1", "io_uring_setup"}


def before_exec(argv, env, cwd, trace):
    """Traces a command up to the second successful exec: (calls by name, files opened in order). The second exec
    is the real go; where there is none, the shim did not hand its process over, and the calls are None."""
    subprocess.run(
        ["strace", "-f", "-qq", "-s", "4096", "-o", trace, *argv],
        env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    calls, files, execs = collections.Counter(), [], 0
    with open(trace, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            found = CALL.match(line)
            if not found:
                continue
            name, rest = found.groups()
            if name == "execve" and rest.rstrip().endswith("= 0"):
                execs += 1
                if execs == 2:
                    return dict(calls), files
                continue
            calls[name] += 1
            if name in ("open", "openat") and " = -1 " not in rest:
                files += OPENED.findall(rest)[:1]
    return None, files


def check(label, argv, env, cwd, folder):
    """One row of the report: what was called and opened, and what should not have been."""
    calls, files = before_exec(argv, env, cwd, os.path.join(folder, "strace.out"))
    if calls is None:
        return {"command": label, "faults": ["real go did not take the shim's place"], "calls": {}, "files": files}
    faults = [f"{name} × {calls[name]}" for name in sorted(FORBIDDEN & set(calls))]
    return {"command": label, "faults": faults, "calls": calls, "files": files}
