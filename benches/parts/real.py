"""A real project through the real module proxy: the one part that needs the network."""

import json
import os
import shutil
import subprocess

import sandbox
import timing
from fixtures import DOWNLOAD
from parts.common import faster, say, told

WHAT = "`go mod download` of a project of yours, through the GOPROXY that you have"
FILES = ("go.mod", "go.sum")


def run(box, effort, project):
    """One row. `project` is a folder with a go.mod and a go.sum, or MODULE@VERSION."""
    proxy = subprocess.run([box.go, "env", "GOPROXY"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    env = {"GOPROXY": proxy, "GOSTEADY_PROXY_PUBLIC": ""}
    folder = project if os.path.isdir(project) else fetched(box, project, env)
    os.makedirs(box.project("real"))
    for name in FILES:
        shutil.copyfile(os.path.join(folder, name), os.path.join(box.project("real"), name))

    homes = []

    def cold(steady):
        homes.append(box.place())
        return box.call(steady, DOWNLOAD, "real", homes[-1], [], **env)

    say(f"go mod download of {project}: {effort.real_pairs} pairs, after one that is not counted")
    for steady in (False, True):
        cold(steady)
    theirs, ours = timing.alternate(lambda: cold(False), lambda: cold(True), effort.real_pairs, told)
    label = os.path.basename(os.path.abspath(project))
    case = f"go mod download, {sandbox.arrived(homes[-1])} modules"
    return [faster("real", case, theirs, ours, 1, note=label)]


def fetched(box, module, env):
    """The folder of a published module, which holds its go.mod and go.sum."""
    args = [box.go, "mod", "download", "-json", module]
    where = {**box.env(False, box.place()), **env, "GOFLAGS": "-modcacherw"}
    done = subprocess.run(args, env=where, cwd=box.work, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)["Dir"]
