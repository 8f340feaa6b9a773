"""What is run: parts, counts, links."""

import contextlib
import io
import unittest

import main
import plan
from mirrors import KINDS, evenly
from parts import faults, scale, small
from parts.faults import Pull
from rows import Row


class Arguments(unittest.TestCase):
    def test_parts_keep_their_order(self):
        self.assertEqual(main.chosen(["stall", "latency"], None), ["latency", "stall"])
        self.assertEqual(main.chosen([], "folder"), ["real"])
        self.assertEqual(main.chosen(["warm"], "folder"), ["warm", "real"])
        self.assertEqual(set(main.chosen([], None)), set(main.PARTS) - {"real"})

    def test_what_is_no_part_is_refused(self):
        for argv in (["nothing"], ["real"]):
            with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
                main.arguments(argv)


class Counts(unittest.TestCase):
    def test_the_full_plan_pulls_enough_under_faults(self):
        self.assertGreaterEqual(plan.FULL.modules * sum(plan.FULL.fault_runs.values()), 5000)
        self.assertEqual(set(plan.FULL.fault_runs), set(faults.TROUBLES))
        self.assertEqual(set(plan.FULL.loop_runs), set(faults.TROUBLES))

    def test_faults_are_spread_evenly(self):
        self.assertEqual(set(evenly(0.5)), set(KINDS))
        self.assertAlmostEqual(sum(evenly(0.027).values()), 0.027)

    def test_shares_are_of_all_pulls(self):
        self.assertEqual(faults.arrived([Pull(1, 10, 1, 0), Pull(1, 9, 1, 2)], 10), 95)

    def test_the_ratio_is_compared_with_that_of_fewer_modules(self):
        row = Row("latency", "go mod download, 100 modules", 21.0, "faster")
        self.assertEqual(scale.before([Row("latency", "go build", 9.0, "faster"), row]), 21.0)
        self.assertIsNone(scale.before([]))

    def test_the_small_command_needs_chains_from_all_over(self):
        paths = [f"m{n}" for n in range(500)]
        chosen = small.commands(paths)
        self.assertEqual(len(chosen["cmd/small"]), small.HEADS)
        self.assertLessEqual(set(chosen["cmd/small"]), set(chosen["cmd/all"]))
        self.assertEqual(chosen["cmd/all"][:2], ["m0", "m4"])


if __name__ == "__main__":
    unittest.main()
