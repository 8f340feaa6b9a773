"""Made-up modules."""

import io
import os
import tempfile
import unittest
import zipfile

import modules


class Hashes(unittest.TestCase):
    def test_h1_is_that_of_go_sum(self):
        # The line that go.sum files hold for a go.mod of this one line.
        go_mod = b"module github.com/davecgh/go-spew\n"
        self.assertEqual(modules.h1({"go.mod": go_mod}), "h1:J7Y8YcW2NihsgmVo/mv3lAwl/skON4iLHjSsI+c5H38=")


class Publishing(unittest.TestCase):
    def test_a_series_has_chains_and_the_same_bytes_each_time(self):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            first = modules.publish(one, "m", [10, 20, 30], chain=2)
            self.assertEqual(first, modules.publish(two, "m", [10, 20, 30], chain=2))
            self.assertEqual([module.path for module in first], [f"bench.example/m00{n}" for n in range(3)])
            requires = []
            for module in first:
                with open(os.path.join(one, module.path, "@v", "v1.0.0.mod"), encoding="utf-8") as text:
                    requires.append(text.read().count("require"))
            self.assertEqual(requires, [1, 0, 0])

    def test_the_size_is_that_of_what_is_served(self):
        with tempfile.TemporaryDirectory() as folder:
            [module] = modules.publish(folder, "m", [1000])
            base = os.path.join(folder, module.path, "@v")
            served = {name: os.path.getsize(os.path.join(base, name)) for name in os.listdir(base)}
            self.assertEqual(module.bytes, sum(served.values()) - served["list"])
            with (
                open(os.path.join(base, "v1.0.0.zip"), "rb") as data,
                zipfile.ZipFile(io.BytesIO(data.read())) as zipped,
            ):
                self.assertIn("bench.example/m000@v1.0.0/m000.go", zipped.namelist())


if __name__ == "__main__":
    unittest.main()
