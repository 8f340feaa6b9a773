"""A line of the result, and whether it reaches what it must."""

import dataclasses

# How a figure is written, by its unit: in short, what follows it in a table, and as a bound.
UNITS = {
    "faster": ("{:.1f} ×", " as fast", "{:.3g} ×"),
    "time": ("{:.3f} ×", " the time", "{:g} ×"),
    "ideal": ("{:.3f} ×", " bytes / bandwidth", "{:g} ×"),
    "memory": ("{:.1f} MiB", "", "{:g} MiB"),
    "arrived": ("{:.4g} %", "", "{:g} %"),
    "cost": ("{:+.2f} s", "", "{:g} s"),
    "bytes": ("{:+.1f} %", "", "{:g} %"),
    "calls": ("{:.0f}", " calls too many", "{:g}"),
    "added": ("{:+.2f} ms", "", "{:g} ms"),
}


@dataclasses.dataclass(frozen=True)
class Row:
    """`figure` is what is judged, in its unit. `plain` and `steady` are median seconds, where both ways were timed.
    `note` says on what terms, `endless` that plain go had to be ended. `detail` is for the JSON alone: every run, and
    what the mirrors saw."""

    part: str
    case: str
    figure: float
    unit: str
    plain: float | None = None
    steady: float | None = None
    bound: float | None = None
    least: bool = False
    note: str = ""
    endless: bool = False
    detail: dict = dataclasses.field(default_factory=dict)

    @property
    def met(self):
        """Whether the bound is kept; None without one."""
        if self.bound is None:
            return None
        return self.figure >= self.bound if self.least else self.figure <= self.bound

    def short(self):
        """The figure with its unit."""
        return UNITS[self.unit][0].format(self.figure)

    def text(self):
        """The figure in words."""
        return self.short() + UNITS[self.unit][1]

    def must(self):
        """The bound in words."""
        if self.bound is None:
            return ""
        return ("at least " if self.least else "at most ") + UNITS[self.unit][2].format(self.bound)

    def verdict(self):
        """yes, no, or nothing where nothing is asked."""
        return {None: "", True: "yes", False: "NO"}[self.met]

    def plain_text(self):
        """Plain go's time in words."""
        return "never ends" if self.endless else seconds(self.plain)


def seconds(value):
    """Seconds as people write them; nothing for None."""
    if value is None:
        return ""
    return f"{value * 1e3:.1f} ms" if value < 0.1 else f"{value:.2f} s" if value < 10 else f"{value:.1f} s"
