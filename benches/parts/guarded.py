"""What a guarded run costs that finds everything in the module cache: the proxy's start, supervision, the trace."""

import itertools
import os

from fixtures import DOWNLOAD
from parts import warm

WHAT = "a guarded `go mod download` that finds everything in the module cache: what the guard adds"


def run(box, effort, _):
    """One row. Every run has a state directory of its own: the shim would remember that there is nothing to guard."""
    states = itertools.count()
    with warm.warmed(box) as (home, upstreams):
        box.call(False, DOWNLOAD, "required", home, upstreams)

        def state():
            return {"XDG_STATE_HOME": os.path.join(home, f"state-{next(states)}")}

        label = "go mod download, all cached"
        return [warm.pairs(box, "guarded", label, DOWNLOAD, home, upstreams, effort.guarded_pairs, state)]
