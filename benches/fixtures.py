"""The projects that the parts measure with, each made when it is first asked for."""

import os

import modules

# So much ballast has a module that stands for a usual small one.
SMALL = 4 << 10


def project(box, prefix, ballasts, chain=1, commands=None):
    """A project named `prefix` that requires a series of modules. `commands` is a function of their paths to what
    `modules.project` takes; by default one command imports all. Returns the modules."""
    made = box.made
    if prefix not in made:
        made[prefix] = published = modules.publish(box.path("mirror"), prefix, ballasts, chain)
        paths = [module.path for module in published]
        modules.project(box.project(prefix), published, commands(paths) if commands else {".": paths})
    return made[prefix]


def many(box, count):
    """A project that needs `count` small modules, and its name."""
    name = f"many{count}x"
    return name, project(box, name, [SMALL] * count)


BUILD = ["build", "-o", os.devnull, "."]
DOWNLOAD = ["mod", "download"]
