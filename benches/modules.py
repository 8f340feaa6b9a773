"""Made-up modules in the layout of a module proxy, and projects that need them."""

import base64
import dataclasses
import hashlib
import io
import os
import random
import zipfile

VERSION = "v1.0.0"
HOST = "bench.example"
FIXED = (2024, 1, 2, 3, 4, 6)


@dataclasses.dataclass(frozen=True)
class Module:
    """A published module: its path, the lines of go.sum that speak for it, and the bytes of its .info, .mod and zip."""

    path: str
    sums: str
    bytes: int


def write(path, data):
    """Writes a file with the folders above it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        out.write(data)


def h1(files):
    """The hash that go.sum holds, of a dict from name to bytes (golang.org/x/mod/sumdb/dirhash, Hash1)."""
    lines = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))
    return "h1:" + base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()


def names(prefix, count):
    """The module paths of a series."""
    return [f"{HOST}/{prefix}{number:03}" for number in range(count)]


def package(path):
    """The name of a module's one package."""
    return path.rsplit("/", 1)[1]


def publish(root, prefix, ballasts, chain=1):
    """Publishes one module for each number in `ballasts`, with that many bytes that do not compress. In runs of
    `chain`, each imports the next. Returns the modules."""
    noise = random.Random(f"{prefix} 1")
    paths = names(prefix, len(ballasts))
    published = []
    for number, (path, ballast) in enumerate(zip(paths, ballasts)):
        last = number % chain == chain - 1 or number + 1 == len(paths)
        published.append(publish_one(root, path, noise.randbytes(ballast), [] if last else [paths[number + 1]]))
    return published


def publish_one(root, path, ballast, imports):
    """Publishes one module that imports others."""
    requires = "".join(f"\nrequire {other} {VERSION}\n" for other in imports)
    go_mod = f"module {path}\n\ngo 1.21\n{requires}".encode()
    above = f"{path}@{VERSION}"
    files = {f"{above}/go.mod": go_mod, f"{above}/{package(path)}.go": source(package(path), imports, "const N = 1")}
    if ballast:
        files[f"{above}/testdata/ballast"] = ballast
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        for name, data in files.items():
            kind = zipfile.ZIP_STORED if data is ballast else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, FIXED), data, kind)
    served = {
        "list": f"{VERSION}\n".encode(),
        f"{VERSION}.info": f'{{"Version":"{VERSION}","Time":"2024-01-02T03:04:05Z"}}'.encode(),
        f"{VERSION}.mod": go_mod,
        f"{VERSION}.zip": zipped.getvalue(),
    }
    for name, data in served.items():
        write(os.path.join(root, path, "@v", name), data)
    sums = f"{path} {VERSION} {h1(files)}\n{path} {VERSION}/go.mod {h1({'go.mod': go_mod})}\n"
    return Module(path, sums, sum(len(data) for name, data in served.items() if name != "list"))


def source(name, imports, rest):
    """A Go file that imports packages for nothing but their being there."""
    lines = "".join(f'\t_ "{path}"\n' for path in imports)
    return f"package {name}\n\nimport (\n{lines})\n\n{rest}\n".encode()


def project(folder, required, commands):
    """A main module that requires `required`, with whole go.mod and go.sum, and a command for each entry of `commands`:
    its folder to the module paths that it imports."""
    requires = "".join(f"\t{module.path} {VERSION}\n" for module in required)
    write(os.path.join(folder, "go.mod"), f"module {HOST}/main\n\ngo 1.21\n\nrequire (\n{requires})\n".encode())
    write(os.path.join(folder, "go.sum"), "".join(module.sums for module in required).encode())
    for place, imports in commands.items():
        write(os.path.join(folder, place, "main.go"), source("main", imports, "func main() {}"))
