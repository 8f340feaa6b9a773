"""Runs scripts of cmd/go's suite and reads what became of each."""

import os
import re
import subprocess
import sys
import tempfile
import time

# A line of the test binary's own, as against one that a script printed, starts with this byte (-test.v=test2json).
MARK = "\x16"
NAMED = re.compile(r"^=== (?:RUN|CONT|PAUSE|NAME)\s+(\S*)")
ENDED = re.compile(r"^\s*--- (PASS|FAIL|SKIP): TestScript/(\S+) \(([0-9.]+)s\)")

# What the shim is told in every script: short waits, no trace, and no shortcut past the guard.
SHIM_ENV = " ".join(
    [
        "GOSTEADY_TRACE=off",
        "GOSTEADY_PROGRESS=never",
        "GOSTEADY_PROXY_RETRY_FOR=1s",
        "GOSTEADY_PATIENCE=20s",
        "GOSTEADY_FORCE_GUARD=1",
    ]
)

# The HOME of all scripts. Nothing may create it.
NO_HOME = "/no-home"


class Run:
    """One run of some scripts: what became of each, what each printed, and complaints about the run as a whole."""

    def __init__(self):
        self.results = {}  # name -> "pass" | "fail" | "skip"
        self.seconds = {}  # name -> duration as the test binary tells it
        self.logs = {}  # name -> text
        self.complaints = []

    def read(self, line, current):
        """Takes in one line of output; returns whose lines follow."""
        own = line.startswith(MARK)
        text = line.lstrip(MARK)
        if own and (ended := ENDED.match(text)):
            word, name, seconds = ended.groups()
            self.results[name] = word.lower()
            self.seconds[name] = float(seconds)
            return name
        if own and (named := NAMED.match(text)):
            return named.group(1).removeprefix("TestScript/")
        self.logs.setdefault(current, []).append(text)
        return current


def run(toolchain, binary, names, jobs, shim=None, limit="10m"):
    """Runs these scripts with plain go, or with `shim` in front of it, `jobs` at a time, each for at most `limit`."""
    done = Run()
    if not names:
        return done
    env = toolchain.env()
    env["SUITE_SCRIPT_LIMIT"] = limit
    if shim:
        env["SUITE_SHIM"] = shim
        env["SUITE_ENV"] = SHIM_ENV
    pattern = "^TestScript$/^(" + "|".join(re.escape(name) for name in names) + ")$"
    home_before = os.path.lexists(NO_HOME)
    child = subprocess.Popen(
        [binary, f"-test.run={pattern}", "-test.v=test2json", "-test.timeout=0", f"-test.parallel={jobs}"],
        cwd=toolchain.sources, env=env, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    )  # fmt: skip
    current, told = "", time.monotonic()
    for line in child.stdout:
        current = done.read(line, current)
        if time.monotonic() - told > 30:
            told = time.monotonic()
            print(f"  {len(done.results)} of {len(names)} scripts done", flush=True)
    status = child.wait()

    for name in names:
        done.results.setdefault(name, "fail")
    # TestMain ends with an error of its own where files are left in TMPDIR.
    if status != 0 and "fail" not in done.results.values():
        tail = "".join(line for lines in done.logs.values() for line in lines if "tmpdir" in line)
        done.complaints.append(f"all scripts ended well, but the suite ended with status {status}: {tail.strip()}")
    if not home_before and os.path.lexists(NO_HOME):
        done.complaints.append(f"a script's HOME, {NO_HOME}, was created; it must not be")
    return done


def guards(toolchain, shim):
    """Whether this shim guards a download at all, by the trace that it writes of one. A pass-through would pass
    every script."""
    with tempfile.TemporaryDirectory(prefix="cmdgo-") as folder:
        go = os.path.join(folder, "go")
        trace = os.path.join(folder, "trace.jsonl")
        os.symlink(shim, go)
        with open(os.path.join(folder, "go.mod"), "w", encoding="utf-8") as out:
            out.write("module m\n\ngo 1.21\n\nrequire example.com/x v1.0.0\n")
        env = toolchain.env() | {
            "GOSTEADY_REAL_GO": toolchain.go,
            "GOSTEADY_TRACE": trace,
            "GOSTEADY_PROXY_RETRY_FOR": "1s",
            "GOENV": "off",
            "GOSUMDB": "off",
            "GOMODCACHE": os.path.join(folder, "modcache"),
            # Nothing listens there.
            "GOPROXY": "http://127.0.0.1:1",
        }
        subprocess.run([go, "mod", "download"], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        try:
            with open(trace, encoding="utf-8") as lines:
                return any('"action":"guard"' in line for line in lines)
        except OSError:
            return False


def keep_logs(done, folder, names):
    """Writes what these scripts printed to `folder`, a file each."""
    os.makedirs(folder, exist_ok=True)
    for name in names:
        with open(os.path.join(folder, name + ".log"), "w", encoding="utf-8") as out:
            out.writelines(done.logs.get(name, ["(printed nothing)\n"]))


def names_in(path):
    """The first word of every line of a list, and the rest of the line: {name: note}. `#` starts a comment."""
    found = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            words = line.split("#")[0].split(None, 1)
            if words:
                if words[0] in found:
                    sys.exit(f"{path}: {words[0]} stands there twice")
                found[words[0]] = words[1].strip() if len(words) > 1 else ""
    return found
