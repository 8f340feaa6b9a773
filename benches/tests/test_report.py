"""Rows, tables, the block in the documentation, and the drawing."""

import re
import unittest
import xml.etree.ElementTree as ElementTree

import chart
import report
from rows import Row, seconds

FACTS = {"processors": 2, "go": "go1.0", "gosteady": "0.0.1", "date": "2000-01-02", "load_before": 0.21}
ROWS = [
    Row("latency", "a download", 20.0, "faster", 20.0, 1.0, 20, True, "from far & wide"),
    Row("loopback", "nothing to win", 1.04, "time", 1.0, 1.04, 1.05),
    Row("scale", "memory", 70.0, "memory", bound=64),
    Row("faults", "at the first try", 99.99, "arrived", bound=99.98, least=True),
    Row("stall", "silence", 4.0, "cost", None, 4.2, 9, endless=True),
    Row("warm", "go version", 0.5, "added", 0.004, 0.0045),
]
SVG = "{http://www.w3.org/2000/svg}"


class Rows(unittest.TestCase):
    def test_a_bound_is_kept_or_not(self):
        self.assertEqual([row.met for row in ROWS], [True, True, False, True, True, None])
        self.assertEqual([row.verdict() for row in ROWS], ["yes", "yes", "NO", "yes", "yes", ""])
        self.assertEqual(report.missed(ROWS), ["scale: memory: 70.0 MiB; must be at most 64 MiB"])

    def test_seconds_are_written_as_they_are_read(self):
        cases = {0.0045: "4.5 ms", 1.234: "1.23 s", 29.04: "29.0 s", None: ""}
        self.assertEqual({value: seconds(value) for value in cases}, cases)


class Tables(unittest.TestCase):
    def test_columns_line_up(self):
        lines = report.table(ROWS).splitlines()
        self.assertEqual(len(lines), 1 + len(ROWS))
        self.assertEqual(lines[1], "a download            20.0 s    1.00 s  20.0 × as fast    at least 20 ×     yes")
        self.assertIn("never ends", lines[5])

    def test_the_marked_block_is_replaced_and_nothing_else(self):
        page = f"above\n{report.BEGIN}\nold\n{report.END}\nbelow\n"
        block = report.markdown(ROWS, FACTS, False)
        new = report.replaced(page, block)
        self.assertTrue(new.startswith("above\n") and new.endswith("\nbelow\n"))
        self.assertNotIn("old", new)
        self.assertIn("Measured on 2000-01-02: 2 processors, go1.0, gosteady 0.0.1; the load", new)
        self.assertEqual(report.replaced(new, block), new)
        with self.assertRaises(SystemExit):
            report.replaced("no marks", block)


class Drawing(unittest.TestCase):
    def setUp(self):
        self.text = chart.draw(ROWS, "somewhere")
        self.root = ElementTree.fromstring(self.text)

    def bars(self, kind):
        """The widths of the bars of a kind, the legend's aside."""
        found = [rect for rect in self.root.iter(SVG + "rect") if rect.get("class") == kind and rect.get("x") == "244"]
        return [float(rect.get("width")) for rect in found]

    def test_it_is_a_picture_and_nothing_more(self):
        self.assertIsNone(re.search(r"<script|<foreignObject|href=|\son\w+=", self.text))
        self.assertIn("prefers-color-scheme: dark", self.text)

    def test_bars_are_to_scale(self):
        self.assertEqual(self.bars("plain"), [chart.FULL] * 2)
        self.assertEqual(self.bars("ours")[:2], [round(chart.FULL / 20, 1), round(chart.FULL * 1.04, 1)])
        self.assertEqual(self.bars("missed"), [round(chart.FULL * 0.8 * 70 / 64, 1)])

    def test_everything_is_within_the_picture(self):
        height = float(self.root.get("height"))
        for node in self.root.iter():
            self.assertLessEqual(
                float(node.get("y", 0)) + float(node.get("height", 0)) * (node.tag != SVG + "svg"), height
            )
            self.assertLessEqual(float(node.get("x", 0)), chart.WIDTH)

    def test_long_labels_are_shortened(self):
        self.assertEqual(chart.shortened("short", 5), "short")
        self.assertEqual(chart.shortened("a long label", 8), "a long…")

    def test_nothing_but_rows_that_can_be_drawn(self):
        words = [node.text for node in self.root.iter(SVG + "text")]
        self.assertIn("a download", words)
        self.assertIn("20 ×", words)
        self.assertIn("0.96 ×", words)
        self.assertIn("at least 99.98 %", words)
        self.assertNotIn("go version", words)
        ElementTree.fromstring(chart.draw(ROWS[:1], "somewhere", True))


if __name__ == "__main__":
    unittest.main()
