"""The file of results: by part, so that one part can be measured again."""

import dataclasses
import json

from rows import Row


class Results:
    """What was measured: for each part its rows, and the machine, versions and time."""

    def __init__(self, path):
        self.path = path
        try:
            with open(path, encoding="utf-8") as text:
                self.parts = json.load(text)["parts"]
        except (OSError, ValueError, KeyError):
            self.parts = {}

    def put(self, part, rows, facts):
        """Replaces a part and writes the file."""
        self.parts[part] = {"where": facts, "rows": [dataclasses.asdict(row) for row in rows]}
        with open(self.path, "w", encoding="utf-8") as out:
            json.dump({"parts": self.parts}, out, indent=1)

    def rows(self, order):
        """All rows, the parts in an order."""
        return [Row(**row) for part in order if part in self.parts for row in self.parts[part]["rows"]]

    def facts(self):
        """Those of the part that was measured last, with the greatest load average that any part began with."""
        facts = [part["where"] for part in self.parts.values()]
        load = max(each["load_before"] for each in facts)
        return max(facts, key=lambda each: each["date"]) | {"load_before": load}
