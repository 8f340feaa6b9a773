"""The result for a reader: a table on a terminal, and the block of docs/benchmarks.md that is made of it."""

from rows import seconds

BEGIN, END = "<!-- made by benches/run --draw: begin -->", "<!-- made by benches/run --draw: end -->"
SIDES = "<>><<<"
HEAD = ("case", "plain go", "gosteady", "figure", "must be", "reached")


def cells(row):
    """A row as the texts of its columns."""
    return row.case, row.plain_text(), seconds(row.steady), row.text(), row.must(), row.verdict()


def table(rows):
    """The rows as text, in columns as wide as they need."""
    lines = [HEAD, *map(cells, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    aligned = []
    for line in lines:
        padded = [f"{text:{side}{width}}" for text, side, width in zip(line, SIDES, widths)]
        aligned.append("  ".join(padded).rstrip())
    return "\n".join(aligned)


def missed(rows):
    """A line for each row that does not reach what it must."""
    return [f"{row.part}: {row.case}: {row.text()}; must be {row.must()}" for row in rows if row.met is False]


def where(facts):
    """The machine and the versions in words; facts is what `main.facts` returns."""
    return f"{facts['processors']} processors, {facts['go']}, gosteady {facts['gosteady']}"


def markdown(rows, facts, quick):
    """The block of docs/benchmarks.md."""
    lines = ["| " + " | ".join(HEAD) + " |", "| --- | ---: | ---: | --- | --- | --- |"]
    for row in rows:
        case, *rest = cells(row)
        lines.append("| " + " | ".join([f"{case}<br><sub>{row.note}</sub>" if row.note else case, *rest]) + " |")
    load = f"the load average before a part was at most {facts['load_before']:.1f}"
    taken = f"Measured on {facts['date']}: {where(facts)}; {load}. Times are medians."
    return "\n".join(["", taken + " A quick run: the figures say little." * quick, "", *lines, ""])


def replaced(text, block):
    """A document with its marked block replaced."""
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"docs/benchmarks.md has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{block}\n{END}{after}"
