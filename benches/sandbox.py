"""The private surroundings of a bench: homes, caches, the shim's folder, projects, and the two ways to call go."""

import itertools
import os
import subprocess

import mirrors
import timing

HERE = os.path.dirname(os.path.abspath(__file__))


class Sandbox:
    """A folder that holds all of it."""

    def __init__(self, go, gosteady, work, gocache):
        self.go, self.work, self.gocache = go, work, gocache
        if os.path.isdir(work):
            remove(work)
        for name in ("shims", "mirror", "projects"):
            os.makedirs(self.path(name))
        self.shim = self.path("shims", "go")
        os.symlink(gosteady, self.shim)
        self.places, self.made = itertools.count(1), {}
        self.server = self.path("mirror-server")
        env = self.env(False, self.place(), GOPROXY="off")
        source = os.path.join(HERE, "mirror")
        subprocess.run([go, "build", "-o", self.server, "."], check=True, env=env, cwd=source)

    def path(self, *parts):
        """A path in the folder."""
        return os.path.join(self.work, *parts)

    def project(self, name):
        """The folder of a project."""
        return self.path("projects", name)

    def place(self):
        """A new home with an empty module cache in it. Nothing is ever removed while the bench runs: the file system
        would still be at it during the next measurement."""
        home = self.path("homes", f"{next(self.places):04}")
        os.makedirs(home)
        return home

    def env(self, steady, home, **more):
        """The environment of a command, the same both ways except for the shim's folder on PATH."""
        path = [os.path.dirname(self.go), "/usr/bin", "/bin"]
        env = {
            "PATH": os.pathsep.join([self.path("shims")] * steady + path),
            "HOME": home,
            "GOCACHE": self.gocache,
            "GOMODCACHE": os.path.join(home, "modcache"),
            "GOSUMDB": "off",
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-buildvcs=false",
            "GOTELEMETRY": "off",
        }
        return {**env, **more}

    def call(self, steady, args, project, home, upstreams, bound=None, memory=False, **env):
        """Runs go, plain or behind the shim, with `upstreams` (mirrors) as its GOPROXY; they count as public ones."""
        program = self.shim if steady else self.go
        env = self.env(steady, home, **{**self.upstreams(upstreams), **env})
        return timing.once([program, *args], env, self.project(project), os.path.join(home, "last.log"), bound, memory)

    def upstreams(self, mirrors):
        """The variables that name some mirrors as the upstreams."""
        return {
            "GOPROXY": ",".join(mirror.url for mirror in mirrors),
            "GOSTEADY_PROXY_PUBLIC": ",".join(mirror.address for mirror in mirrors),
        }

    def mirrors(self, count=1):
        """Running mirrors of everything that was published."""
        return mirrors.running(self.server, self.path("mirror"), count)


def remove(folder):
    """Removes a folder; a module cache is read-only on purpose. These programs are much faster at it than Python."""
    subprocess.run(["chmod", "-R", "u+w", folder], check=True)
    subprocess.run(["rm", "-rf", folder], check=True)


def arrived(home):
    """How many module versions are whole in the module cache of a home: go writes a .ziphash last."""
    count = 0
    for _, _, files in os.walk(os.path.join(home, "modcache", "cache", "download")):
        count += sum(name.endswith(".ziphash") for name in files)
    return count
