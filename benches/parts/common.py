"""What the parts share: a cold run, pairs of them, and the row that they make."""

import concurrent.futures

import timing
from rows import Row, seconds

FAR_NOTE = "from a mirror 100 ms away"


def say(text):
    """A line about what goes on."""
    print(text, flush=True)


def side_by_side(function, values):
    """What a function returns for each value, all called at the same time: for plain go where it waits for the link
    nearly all of its time, minutes. What comes from gosteady never has company."""
    values = list(values)
    with concurrent.futures.ThreadPoolExecutor(max(1, len(values))) as threads:
        return list(threads.map(function, values))


def told(theirs, ours):
    """A line for a pair."""
    times = theirs.seconds / ours.seconds
    say(f"  plain go {seconds(theirs.seconds):>9}   gosteady {seconds(ours.seconds):>9}   {times:5.1f} × as fast")


def cold(box, steady, args, project, upstreams, link, **more):
    """Runs a command once with an empty module cache and a home that is new too, over a link to each upstream (one link
    for all, or a list); returns what it took and the tally of each upstream."""
    links = link if isinstance(link, list) else [link] * len(upstreams)
    home = more.pop("home", None) or box.place()
    for mirror, its in zip(upstreams, links):
        mirror.change(its)
    took = box.call(steady, args, project, home, upstreams, **more)
    return took, [mirror.change(its) for mirror, its in zip(upstreams, links)]


def pairs(box, args, project, upstreams, link, count, **more):
    """Pairs of cold runs: what plain go and we took, and the tallies of the first upstream in both."""
    tallies = {False: [], True: []}

    def run(steady):
        took, seen = cold(box, steady, args, project, upstreams, link, **more)
        tallies[steady].append(seen[0])
        return took

    theirs, ours = timing.alternate(lambda: run(False), lambda: run(True), count, told)
    return theirs, ours, tallies


def detail(theirs, ours, tallies=None, **more):
    """What the JSON keeps of some runs."""
    kept = {
        "plain_seconds": [run.seconds for run in theirs],
        "gosteady_seconds": [run.seconds for run in ours],
        "plain_processor_seconds": [run.processor for run in theirs],
        "gosteady_processor_seconds": [run.processor for run in ours],
    }
    if tallies:
        kept |= {"plain_mirror": tallies[False], "gosteady_mirror": tallies[True]}
    return kept | more


def faster(part, case, theirs, ours, least, tallies=None, note=""):
    """A row that says how many times as fast we were."""
    return Row(
        part, case, 1 / timing.ratio(theirs, ours), "faster", timing.seconds(theirs), timing.seconds(ours), least, True,
        note, detail=detail(theirs, ours, tallies),
    )  # fmt: skip
