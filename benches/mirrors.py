"""A mirror process (benches/mirror) and the link to it."""

import contextlib
import dataclasses
import json
import subprocess

KINDS = ("5xx", "429", "reset", "reset-body", "truncation", "stall", "stall-body")


@dataclasses.dataclass(frozen=True)
class Link:
    """What a request meets; benches/mirror/link.go says what each field means."""

    rtt_ms: float = 0
    connect_ms: float = 0
    bits_per_second: float = 0
    faults: dict = dataclasses.field(default_factory=dict)
    per_connection: bool = False
    burst_ms: float = 0
    seed: int = 0


# A round trip of 100 ms; TCP and TLS are two more.
FAR = Link(rtt_ms=100, connect_ms=200)
NEAR = Link(rtt_ms=20, connect_ms=40)


class Mirror:
    """A running mirror."""

    def __init__(self, binary, folder):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen([binary, folder], text=True, **pipes)
        self.url = self.read()["url"]

    def read(self):
        """One line of the mirror's."""
        if line := self.process.stdout.readline():
            return json.loads(line)
        raise SystemExit(f"the mirror has ended: {self.process.wait()}")

    def change(self, link):
        """Puts a link in force; returns the tally of the time before."""
        self.process.stdin.write(json.dumps(dataclasses.asdict(link)) + "\n")
        self.process.stdin.flush()
        return self.read()

    @property
    def address(self):
        """host:port"""
        return self.url.removeprefix("http://")


@contextlib.contextmanager
def running(binary, folder, count=1):
    """Some mirrors of one folder, up to the end of the block."""
    mirrors = []
    try:
        for _ in range(count):
            mirrors.append(Mirror(binary, folder))
        yield mirrors
    finally:
        for mirror in mirrors:
            mirror.process.stdin.close()
            mirror.process.terminate()
            mirror.process.wait()


def evenly(share, kinds=KINDS):
    """A share of requests spread evenly over kinds of fault."""
    return {kind: share / len(kinds) for kind in kinds}
