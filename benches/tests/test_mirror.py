"""The mirror, over real connections on loopback."""

import http.client
import os
import shutil
import subprocess
import tempfile
import unittest

import mirrors
from mirrors import Link

BODY = b"0123456789"


@unittest.skipUnless(shutil.which("go"), "there is no go")
class Serving(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        files = os.path.join(cls.folder, "files")
        os.makedirs(files)
        for number in range(200):
            with open(os.path.join(files, str(number)), "wb") as out:
                out.write(BODY)
        binary = os.path.join(cls.folder, "mirror")
        source = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "mirror")
        env = os.environ | {"GOSTEADY_BYPASS": "1", "GOFLAGS": "-buildvcs=false", "GOTOOLCHAIN": "local"}
        subprocess.run(["go", "build", "-o", binary, "."], cwd=source, env=env, check=True)
        running = mirrors.running(binary, files)
        [cls.mirror] = running.__enter__()
        cls.addClassCleanup(running.__exit__, None, None, None)

    def connection(self):
        """A new connection to the mirror; nothing that goes well waits nearly as long as its bound."""
        connection = http.client.HTTPConnection(self.mirror.address, timeout=60)
        self.addCleanup(connection.close)
        return connection

    def status(self, connection, path):
        """The status of the answer for a path."""
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def meets(self, kind):
        """Opens a connection whose every request meets a fault, and asks for something."""
        self.mirror.change(Link(faults={kind: 1}))
        connection = self.connection()
        connection.request("GET", "/1")
        return connection

    def tally(self):
        """What was seen up to now."""
        return self.mirror.change(Link())

    def test_what_is_there_is_served_and_counted(self):
        self.tally()
        connection = self.connection()
        connection.request("GET", "/1")
        self.assertEqual(connection.getresponse().read(), BODY)
        self.assertEqual(self.status(connection, "/nothing"), 404)
        tally = self.tally()
        self.assertEqual((tally["requests"], tally["connections"], tally["most_at_once"]), (2, 1, 1))
        self.assertGreater(tally["bytes"], len(BODY))
        self.assertEqual(tally["faults"], {})

    def test_faults_that_answer(self):
        self.assertIn(self.meets("5xx").getresponse().status, (500, 502, 503, 504))
        self.assertEqual(self.meets("429").getresponse().status, 429)
        self.assertEqual(self.tally()["faults"], {"429": 1})

    def test_faults_that_break_the_connection(self):
        with self.assertRaises(ConnectionResetError):
            self.meets("reset").getresponse()
        with self.assertRaises(http.client.IncompleteRead):
            self.meets("truncation").getresponse().read()
        with self.assertRaises((ConnectionResetError, http.client.IncompleteRead)):
            self.meets("reset-body").getresponse().read()

    def test_silence_goes_on_until_the_client_leaves(self):
        half = self.meets("stall-body").getresponse()
        self.assertEqual(half.read(len(BODY) // 2), BODY[: len(BODY) // 2])
        connection = self.meets("stall")
        connection.sock.settimeout(0.2)
        with self.assertRaises(TimeoutError):
            connection.getresponse()

    def test_one_seed_has_one_fate_in_any_order(self):
        def fates(seed, numbers):
            self.mirror.change(Link(faults={"429": 0.2}, seed=seed))
            connection = self.connection()
            return {number: self.status(connection, f"/{number}") for number in numbers}

        once = fates(1, range(200))
        self.assertEqual(once, fates(1, reversed(range(200))))
        self.assertNotEqual(once, fates(2, range(200)))
        self.assertTrue(20 < list(once.values()).count(429) < 60)

    def test_a_connection_may_be_what_is_faulty(self):
        self.mirror.change(Link(faults={"429": 0.5}, per_connection=True))
        seen = set()
        for _ in range(20):
            connection = self.connection()
            answers = {self.status(connection, f"/{number}") for number in range(5)}
            self.assertEqual(len(answers), 1)
            seen |= answers
        self.assertEqual(seen, {200, 429})

    def test_a_burst_spares_nothing_and_ends(self):
        self.mirror.change(Link(faults={"429": 0}, burst_ms=3_600_000))
        connection = self.connection()
        self.assertEqual({self.status(connection, f"/{number}") for number in range(20)}, {429})
        self.mirror.change(Link(faults={"429": 0}, burst_ms=0))
        self.assertEqual(self.status(connection, "/1"), 200)

    def test_a_thin_link_delivers_everything(self):
        self.mirror.change(Link(rtt_ms=1, connect_ms=1, bits_per_second=1e6))
        connection = self.connection()
        self.assertEqual({self.status(connection, f"/{number}") for number in range(20)}, {200})


if __name__ == "__main__":
    unittest.main()
