"""The drawing of the result: an SVG for light and dark pages, without scripts or fonts of its own.

Above, bars: what plain go took is the whole width, and ours is drawn to that scale. Below, what has a bound: the
figure as a bar, and a mark where the bound is.
"""

from xml.sax.saxutils import escape

from rows import seconds

WIDTH, MARGIN = 720, 24
# Where bars begin, how long plain go's are, how far ours may go beyond that.
LEFT, FULL, OVER = 244, 352, 24
HEADER, LINE, GAP = 86, 46, 58
# Timed rows that are drawn as bars, by unit; the others that have a bound are drawn below.
TIMED = ("faster", "ideal", "time")

STYLE = """
text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; fill: #1f2328 }
.title { font-size: 18px; font-weight: 600 }
.head { font-size: 14px; font-weight: 600 }
.note, .tick, .value { font-size: 11.5px; fill: #59636e }
.figure { font-size: 16px; font-weight: 600; fill: #0a6c74 }
.inside { font-size: 11.5px; fill: #ffffff }
.card { fill: #ffffff; stroke: #d1d9e0 }
.grid { stroke: #e4e8ec }
.plain { fill: #c9d1d9 }
.ours { fill: #0e8a94 }
.room { fill: #eef1f4 }
.mark { stroke: #1f2328; stroke-width: 2 }
.missed { fill: #c4551f }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.note, .tick, .value { fill: #9198a1 }
.figure { fill: #4fc3cd }
.inside { fill: #06282b }
.card { fill: #0d1117; stroke: #3d444d }
.grid { stroke: #22282f }
.plain { fill: #4a525c }
.ours { fill: #35aeb8 }
.room { fill: #1b2128 }
.mark { stroke: #e6edf3 }
.missed { fill: #e8824f }
}
"""


def text(x, y, words, kind="", anchor="start"):
    """A line of text."""
    return f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def bar(x, y, width, height, kind):
    """A bar, at least wide enough to be seen."""
    return f'<rect x="{x:g}" y="{y:g}" width="{max(width, 2):.1f}" height="{height:g}" rx="2" class="{kind}"/>'


def line(x1, y1, x2, y2, kind):
    """A straight line."""
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" class="{kind}"/>'


def draw(rows, where, quick=False):
    """The whole drawing of some rows; `where` says in words what machine and versions they are of."""
    timed = [row for row in rows if row.unit in TIMED and row.plain and row.steady]
    bounded = [row for row in rows if row.unit not in TIMED and row.unit != "calls" and row.bound]
    top = HEADER + 24
    below = top + LINE * len(timed) + GAP
    height = below + (LINE * len(bounded) + 66 if bounded else 0)
    parts = [
        bar_card(height),
        text(MARGIN, 38, "gosteady beside plain go", "title"),
        *legend(),
        text(MARGIN, HEADER, "Time, as a share of what plain go takes", "head"),
        text(WIDTH - MARGIN, HEADER, "times as fast", "note", "end"),
        *axis(top, top + LINE * len(timed)),
    ]
    for number, row in enumerate(timed):
        parts += timed_row(row, top + LINE * number)
    if bounded:
        parts.append(text(MARGIN, below + 6, "What must stay within a bound", "head"))
        for number, row in enumerate(bounded):
            parts += bounded_row(row, below + 20 + LINE * number)
    parts.append(text(MARGIN, height - 14, where + ("; a quick run" if quick else ""), "note"))
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    label = escape("Bars: times of gosteady as shares of plain go's; and figures with their bounds")
    inner = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{label}">\n'
        f"<style>{STYLE}</style>\n{inner}\n</svg>\n"
    )


def bar_card(height):
    """The background: the page's own may be of either kind."""
    return f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8" class="card"/>'


def legend():
    """Which bar is whose."""
    x, y = WIDTH - MARGIN - 190, 27
    return [
        bar(x, y, 12, 12, "plain"), text(x + 18, y + 10.5, "plain go"),
        bar(x + 96, y, 12, 12, "ours"), text(x + 114, y + 10.5, "gosteady"),
    ]  # fmt: skip


def axis(top, bottom):
    """Grid lines at quarters of plain go's time, and their labels below."""
    marks = []
    for quarter in range(5):
        x = LEFT + FULL * quarter / 4
        marks.append(line(x, top - 6, x, bottom - 4, "grid"))
        marks.append(text(x, bottom + 10, f"{quarter * 25} %" if quarter else "0", "tick", "middle"))
    return marks


def labels(row, y):
    """What a row is, in two lines, which end before the bars in any usual font."""
    return [text(MARGIN, y + 14, shortened(row.case, 30)), text(MARGIN, y + 29, shortened(row.note, 34), "note")]


def shortened(words, most):
    """At most so many characters."""
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def timed_row(row, y):
    """Two bars to one scale."""
    ours = min(FULL / times(row), FULL + OVER)
    took = seconds(row.steady)
    end, kind, anchor = (-6, "inside", "end") if ours > FULL - 56 else (6, "value", "start")
    return [
        *labels(row, y),
        bar(LEFT, y + 2, FULL, 14, "plain"),
        text(LEFT + FULL - 6, y + 13, seconds(row.plain), "value", "end"),
        bar(LEFT, y + 18, ours, 14, "ours"),
        text(LEFT + ours + end, y + 29, took, kind, anchor),
        text(WIDTH - MARGIN, y + 23, times_text(times(row)), "figure", "end"),
    ]


def times(row):
    """How many times as fast, whatever the row is judged by: the median of pairs, where there are pairs."""
    return {"faster": row.figure, "time": 1 / row.figure}.get(row.unit, row.plain / row.steady)


def times_text(value):
    """As exact as it can be trusted."""
    return f"{value:.0f} ×" if value >= 9.95 else f"{value:.1f} ×" if value >= 1.15 else f"{value:.2f} ×"


def bounded_row(row, y):
    """A bar for the figure and a mark at the bound. A share that must be reached is drawn as what is lost."""
    value, bound = (100 - row.figure, 100 - row.bound) if row.least else (row.figure, row.bound)
    mark = FULL * 0.8
    kind = "ours" if row.met else "missed"
    return [
        *labels(row, y),
        bar(LEFT, y + 5, FULL, 14, "room"),
        bar(LEFT, y + 5, min(FULL, mark * max(value, 0) / bound), 14, kind),
        line(LEFT + mark, y + 2, LEFT + mark, y + 22, "mark"),
        text(LEFT + mark, y + 34, row.must(), "tick", "middle"),
        text(WIDTH - MARGIN, y + 18, row.short(), "figure", "end"),
    ]
