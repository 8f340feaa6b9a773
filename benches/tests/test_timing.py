"""Statistics of runs, and a run itself."""

import os
import sys
import tempfile
import unittest

import timing
from timing import Took


def runs(*seconds):
    """Runs that took so long."""
    return [Took(each, each / 2) for each in seconds]


class Statistics(unittest.TestCase):
    def test_a_ratio_is_the_median_of_the_pairs(self):
        self.assertEqual(timing.ratio(runs(1, 2, 100), runs(2, 2, 50)), 1)
        self.assertEqual(timing.processor_ratio(runs(4), runs(1)), 0.25)

    def test_what_is_added_comes_with_its_quartiles(self):
        self.assertEqual(timing.added(runs(1), runs(3)), (2, 2, 2))
        low, middle, high = timing.added(runs(1, 1, 1, 1, 1), runs(1, 2, 3, 4, 5))
        self.assertEqual((low, middle, high), (0.5, 2, 3.5))

    def test_the_order_alternates(self):
        order, told = [], []
        theirs, ours = timing.alternate(
            lambda: order.append("p") or len(order),
            lambda: order.append("s") or len(order),
            3,
            lambda a, b: told.append((a, b)),
        )
        self.assertEqual("".join(order), "psspps")
        self.assertEqual((theirs, ours), ([1, 4, 5], [2, 3, 6]))
        self.assertEqual(told, [(1, 2), (4, 3), (5, 6)])

    def test_the_high_water_mark_is_read(self):
        self.assertEqual(timing.high_water("VmPeak:\t  9 kB\nVmHWM:\t    7 kB\n"), 7168)
        self.assertIsNone(timing.high_water("State:\tZ (zombie)\n"))


class Running(unittest.TestCase):
    def once(self, code, **more):
        """Runs a Python program."""
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "log")
            return timing.once([sys.executable, "-c", code], dict(os.environ), folder, log, **more)

    def test_a_status_counts_where_there_is_a_bound(self):
        self.assertEqual(self.once("raise SystemExit(3)", bound=60).status, 3)
        with self.assertRaisesRegex(SystemExit, "status 3\nwhy"):
            self.once("print('why', flush=True); raise SystemExit(3)")

    def test_what_takes_too_long_is_ended(self):
        self.assertEqual(self.once("import signal; signal.pause()", bound=0.2).status, -15)

    @unittest.skipUnless(os.path.exists("/proc/self/status"), "there is no /proc")
    def test_the_peak_is_seen(self):
        self.assertGreater(self.once("import time; time.sleep(0.2)", memory=True).peak, 1 << 20)


if __name__ == "__main__":
    unittest.main()
