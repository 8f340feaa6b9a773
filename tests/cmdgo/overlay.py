"""The test binary of cmd/go, with room for a shim in front of the go under test.

Go's sources stay where they are: the few edits below are applied to the user's own copies under GOROOT, the edited
files go to the work folder, and `go test -overlay` compiles them in place of the originals.
"""

import hashlib
import json
import os
import subprocess
import sys

# (file under GOROOT/src/cmd/go, text that must stand there exactly once, what replaces it)
EDITS = [
    # The go under test is a link to the test binary. Here it may become a link to a shim, and the test binary gets
    # a second link, which is the real go behind that shim.
    ("go_test.go", "\nvar testGo string\n", "\nvar testGo string\nvar realGo string\n"),
    (
        "go_test.go",
        "\t\tif err := os.Symlink(testExe, testGo); err != nil {\n",
        """\t\trealGo = testGo
\t\tlinked := testExe
\t\tif shim := os.Getenv("SUITE_SHIM"); shim != "" {
\t\t\trealBin := filepath.Join(testTmpDir, "realbin")
\t\t\trealGo = filepath.Join(realBin, "go"+exeSuffix)
\t\t\tlinked = shim
\t\t\tif err := os.Mkdir(realBin, 0777); err != nil {
\t\t\t\tlog.Fatal(err)
\t\t\t}
\t\t\tif err := os.Symlink(testExe, realGo); err != nil {
\t\t\t\tlog.Fatal(err)
\t\t\t}
\t\t}
\t\tif err := os.Symlink(linked, testGo); err != nil {
""",
    ),
    # One script copies $TESTGO_EXE and wants go's own idea of where it lies.
    ("script_test.go", '"TESTGO_EXE=" + testGo,', '"TESTGO_EXE=" + realGo,'),
    # Scripts get an environment made from nothing: what the shim needs has to be put into it.
    (
        "script_test.go",
        "\tfor _, key := range extraEnvKeys {\n",
        """\tif realGo != testGo {
\t\tenv = append(env, "GOSTEADY_REAL_GO="+realGo)
\t\tenv = append(env, strings.Fields(os.Getenv("SUITE_ENV"))...)
\t}
\tfor _, key := range extraEnvKeys {
""",
    ),
    # One hanging script must not take the whole suite's time.
    (
        "script_test.go",
        "\t\t\ts, err := script.NewState(tbContext(ctx, t), workdir, env)\n",
        """\t\t\tlimit, err := time.ParseDuration(os.Getenv("SUITE_SCRIPT_LIMIT"))
\t\t\tif err != nil {
\t\t\t\tt.Fatal(err)
\t\t\t}
\t\t\tctx, cancel := context.WithTimeout(ctx, limit)
\t\t\tdefer cancel()
\t\t\ts, err := script.NewState(tbContext(ctx, t), workdir, env)
""",
    ),
    ("script_test.go", "gracePeriod = 100 * time.Millisecond\n", "gracePeriod = 10 * time.Second\n"),
    # The suite never leaves the machine.
    ("scriptconds_test.go", "if !testenv.HasExternalNetwork() {", 'if os.Getenv("SUITE_NET") == "" {'),
    ("scriptconds_test.go", '\t"internal/testenv"\n', ""),
]


class Toolchain:
    """The user's go: where it is, which version, and the folder for what is made from it."""

    def __init__(self, go, target):
        asked = subprocess.run(
            [go, "env", "GOROOT", "GOVERSION"], check=True, stdout=subprocess.PIPE, text=True
        ).stdout.splitlines()
        self.goroot, self.version = asked[0], asked[1]
        self.sources = os.path.join(self.goroot, "src", "cmd", "go")
        self.work = os.path.join(target, "".join(c if c.isalnum() or c in ".-" else "_" for c in self.version))
        self.go = os.path.join(self.goroot, "bin", "go")

    def env(self):
        """The surroundings of the suite: this go first on PATH, no version switch, nothing of the user's gosteady."""
        env = {k: v for k, v in os.environ.items() if not k.startswith(("GOSTEADY_", "SUITE_"))}
        for name in ("GOROOT", "GOFLAGS", "GOWORK", "GO111MODULE"):
            env.pop(name, None)
        env["GOTOOLCHAIN"] = "local"
        env["PATH"] = os.path.join(self.goroot, "bin") + os.pathsep + env.get("PATH", "")
        return env

    def scripts(self):
        """The names of all scripts this go comes with."""
        listed = os.listdir(os.path.join(self.sources, "testdata", "script"))
        return sorted(name[: -len(".txt")] for name in listed if name.endswith(".txt"))


def edited(toolchain):
    """The edited sources: {file: text}. Ends the program where this go's sources do not look as expected."""
    texts = {}
    for name, old, new in EDITS:
        if name not in texts:
            with open(os.path.join(toolchain.sources, name), encoding="utf-8") as source:
                texts[name] = source.read()
        if texts[name].count(old) != 1:
            sys.exit(f"overlay.py: {toolchain.version}: {name} should hold this text once: {old.strip()!r}")
        texts[name] = texts[name].replace(old, new)
    return texts


def test_binary(toolchain):
    """Compiles the test binary, or finds the one compiled before: (its path, a stamp of what went into it)."""
    texts = edited(toolchain)
    facts = json.dumps([toolchain.version, toolchain.goroot, texts], sort_keys=True)
    stamp = hashlib.sha256(facts.encode()).hexdigest()[:16]
    binary = os.path.join(toolchain.work, f"cmdgo-{stamp}.test")
    if os.path.exists(binary):
        return binary, stamp

    folder = os.path.join(toolchain.work, "overlay")
    os.makedirs(folder, exist_ok=True)
    replace = {}
    for name, text in texts.items():
        replace[os.path.join(toolchain.sources, name)] = os.path.join(folder, name)
        with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
            out.write(text)
    overlay = os.path.join(folder, "overlay.json")
    with open(overlay, "w", encoding="utf-8") as out:
        json.dump({"Replace": replace}, out)
    print(f"compiling the test binary of cmd/go {toolchain.version}", flush=True)
    unfinished = binary + ".part"
    subprocess.run(
        [toolchain.go, "test", "-c", "-vet=off", f"-overlay={overlay}", "-o", unfinished, "cmd/go"],
        check=True, env=toolchain.env(), cwd=toolchain.sources,
    )  # fmt: skip
    os.rename(unfinished, binary)
    return binary, stamp
