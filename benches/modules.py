"""Made-up modules in the layout of a module proxy, and a project that needs them."""

import io
import os
import random
import zipfile

VERSION = "v1.0.0"


def write(path, data):
    """Writes a file with the folders above it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        out.write(data)


def publish(root, prefix, count, ballast):
    """Publishes `count` modules `bench.example/<prefix>NNN` under `root`, each with `ballast` bytes that do not
    compress; returns their paths."""
    random_bytes = random.Random(1)
    paths = []
    for number in range(count):
        name = f"{prefix}{number:03}"
        path = f"bench.example/{name}"
        go_mod = f"module {path}\n\ngo 1.21\n".encode()
        files = {
            "go.mod": go_mod,
            f"{name}.go": f"package {name}\n\n// N is a number.\nconst N = {number}\n".encode(),
        }
        if ballast:
            files["testdata/ballast"] = random_bytes.randbytes(ballast)
        zipped = io.BytesIO()
        with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
            for file, data in files.items():
                archive.writestr(f"{path}@{VERSION}/{file}", data)
        base = os.path.join(root, path, "@v")
        write(os.path.join(base, "list"), f"{VERSION}\n".encode())
        write(os.path.join(base, f"{VERSION}.info"), f'{{"Version":"{VERSION}","Time":"2024-01-02T03:04:05Z"}}'.encode())
        write(os.path.join(base, f"{VERSION}.mod"), go_mod)
        write(os.path.join(base, f"{VERSION}.zip"), zipped.getvalue())
        paths.append(path)
    return paths


def project(folder, paths):
    """A main package that imports all of `paths`; go.mod is whole, go.sum is left to go."""
    requires = "".join(f"\t{path} {VERSION}\n" for path in paths)
    imports = "".join(f'\t"{path}"\n' for path in paths)
    total = " + ".join(path.rsplit("/", 1)[1] + ".N" for path in paths)
    write(os.path.join(folder, "go.mod"), f"module bench.example/main\n\ngo 1.21\n\nrequire (\n{requires})\n".encode())
    write(
        os.path.join(folder, "main.go"),
        f"package main\n\nimport (\n{imports})\n\nfunc main() {{ println({total}) }}\n".encode(),
    )
