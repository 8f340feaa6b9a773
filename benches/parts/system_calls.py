"""What the warm commands ask of the kernel before the exec of the real go."""

import shutil

import syscalls
from parts import warm
from parts.common import say
from rows import Row

WHAT = "the same commands under strace: what is called and opened before the exec of the real go"


def run(box, _, __):
    """A row for each command: how many of its calls have no place on the fast path."""
    if not shutil.which("strace"):
        say("syscalls: skipped, there is no strace here")
        return []
    with warm.warmed(box) as (home, upstreams):
        env = box.env(True, home, **box.upstreams(upstreams))
        traced = [
            syscalls.check(label, [box.shim, *args], env, box.project("required"), home)
            for label, args in warm.COMMANDS.items()
        ]
    for row in traced:
        say(f"{row['command']}: {sum(row['calls'].values())} system calls before real go")
        say("  " + ", ".join(f"{name} {times}" for name, times in sorted(row["calls"].items())))
        say("  opened: " + " ".join(row["files"]))
        for fault in row["faults"]:
            say(f"  FAULT: {fault}")
    return [Row("syscalls", row["command"], len(row["faults"]), "calls", bound=0, detail=row) for row in traced]
