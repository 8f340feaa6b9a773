#!/bin/sh
# Installs gosteady: builds it, puts it and its shims under one directory, and says which line puts them on PATH.
# See --help, and docs/install.md for what lies where and why.

set -eu

# What the shims are: links in shims/ to this file in bin/.
SHIM_TARGET=gosteady
FACES='go gofmt'
# Our line in a start-up file ends with this; a word after it says what --uninstall has to restore.
MARK='# gosteady install.sh'
LAUNCHER_MARK='# gosteady-launcher:'

usage() {
    cat <<'HELP'
Usage: ./install.sh [--prefix DIR] [--modify-profile] [--launcher] [--demo] [--dry-run]
       ./install.sh --uninstall [--prefix DIR] [--dry-run]

Builds gosteady with cargo and installs it, with its shims for go and gofmt, into
~/.local/share/gosteady (for root without a HOME: /usr/local/share/gosteady).

  --prefix DIR       install there instead
  --modify-profile   also put the line that sets PATH into your shell's start-up file
  --launcher         shims are small scripts that run plain go if gosteady is gone, instead of links
  --demo             afterwards run `gosteady demo`: a download whose first mirror hangs
  --uninstall        remove what was installed, and our line in start-up files
  --dry-run          say each step and do nothing
  -h, --help         this text

Environment: GOSTEADY_BINARY=FILE installs that program and builds nothing.
HELP
}

say() { printf '%s\n' "$*"; }
warn() { printf 'install.sh: %s\n' "$*" >&2; }
die() { # WHAT FIX
    warn "$1; $2"
    exit 1
}

# ---- small tools ----

# Says a step; true where it is to be done.
step() {
    if [ "$dry_run" = yes ]; then
        say "would $*"
        return 1
    fi
}

is_program() { [ -f "$1" ] && [ -x "$1" ]; }

quote_sh() { printf "'%s'\n" "$(printf '%s\n' "$1" | sed "s/'/'\\\\''/g")"; }
quote_fish() { printf "'%s'\n" "$(printf '%s\n' "$1" | sed "s/[\\\\']/\\\\&/g")"; }

# The file that is being written; a rename makes it the real one, an exit removes it.
temporary=
cleanup() { [ -z "$temporary" ] || rm -f -- "$temporary"; }

# Gives a new file beside DESTINATION a mode and its final name. A program that runs can be replaced this way.
commit() { # MODE DESTINATION
    chmod "$1" "$temporary"
    mv -f -- "$temporary" "$2"
    temporary=
}

begin() { # DESTINATION
    [ ! -d "$1" ] || [ -L "$1" ] || die "$1 is a directory" "move it away or choose another --prefix"
    temporary=$1.new.$$
    rm -f -- "$temporary"
}

make_directory() {
    [ -d "$1" ] || mkdir -p -- "$1" 2>/dev/null ||
        die "cannot make $1" "choose a directory that you can write to: --prefix DIR"
    [ -w "$1" ] || die "cannot write to $1" "choose a directory that you can write to: --prefix DIR"
}

# ---- where from, where to ----

default_prefix() {
    case ${HOME:-} in
    /*) printf '%s\n' "${HOME%/}/.local/share/gosteady" ;;
    *)
        [ "$(id -u)" = 0 ] || die "HOME is not set" "say where to install: --prefix DIR"
        printf '%s\n' /usr/local/share/gosteady
        ;;
    esac
}

check_prefix() {
    case $prefix in
    '') die "--prefix is empty" "name a directory" ;;
    /*) ;;
    *) prefix=$(pwd)/$prefix ;;
    esac
    while [ "$prefix" != "${prefix%/}" ]; do prefix=${prefix%/}; done
    [ -n "$prefix" ] || die "the root directory is no place for this" "name another: --prefix DIR"
    case $prefix in
    *:*) die "'$prefix' has a colon, which PATH cannot hold" "choose another --prefix" ;;
    *"$newline"*) die "the prefix has a line break" "choose another --prefix" ;;
    esac
}

build() {
    if [ -n "${GOSTEADY_BINARY:-}" ]; then
        binary=$GOSTEADY_BINARY
        case $binary in /*) ;; *) binary=$(pwd)/$binary ;; esac
        is_program "$binary" ||
            die "GOSTEADY_BINARY=$binary is not a program" "name the built gosteady, or unset it to build one"
        return
    fi
    target=${CARGO_TARGET_DIR:-$root/target}
    case $target in /*) ;; *) target=$(pwd)/$target ;; esac
    binary=$target/release/gosteady
    step "build $binary: cargo build --release --locked" || return 0
    command -v cargo >/dev/null 2>&1 ||
        die "cargo is missing" "install Rust 1.95 or newer (https://rustup.rs), or set GOSTEADY_BINARY to a built gosteady"
    say "Building gosteady; the first time this takes some minutes."
    (unset CARGO_BUILD_TARGET && cd -- "$root" &&
        cargo build --release --locked --bin gosteady --target-dir "$target") ||
        die "the build failed" "see cargo's message above; it needs Rust 1.95 and a C compiler"
    [ -x "$binary" ] || die "the build left no $binary" "build it by hand and set GOSTEADY_BINARY to the result"
}

# ---- the pieces ----

install_program() {
    step "copy $binary to $prefix/bin/gosteady" || return 0
    make_directory "$prefix/bin"
    begin "$prefix/bin/gosteady"
    cp -- "$binary" "$temporary" || die "cannot copy $binary" "is there space on the disk?"
    chmod 755 "$temporary"
    "$temporary" --version >/dev/null 2>&1 ||
        die "$binary does not run from $prefix/bin" "was it built for this system, and may programs run there?"
    commit 755 "$prefix/bin/gosteady"
}

# The fast path alone, linked statically, halves what the shim adds to a command that needs no guard. Where it can't be
# had (no static libc, another system) the shims link to the whole program, which does the same.
install_fast() {
    fast=${binary%/*}/gosteady-launch
    if [ -z "${GOSTEADY_BINARY:-}" ]; then
        step "build $fast: cargo rustc, statically linked" || return 0
        (unset CARGO_BUILD_TARGET && cd -- "$root" &&
            cargo rustc --quiet --release --locked --bin gosteady-launch --target-dir "$target" -- \
                -C target-feature=+crt-static -C relocation-model=static) 2>/dev/null || fast=
    fi
    if [ -n "$fast" ] && is_program "$fast"; then
        step "copy $fast to $prefix/bin/gosteady-launch" || { SHIM_TARGET=gosteady-launch; return 0; }
        begin "$prefix/bin/gosteady-launch"
        if cp -- "$fast" "$temporary" && chmod 755 "$temporary" && "$temporary" --version >/dev/null 2>&1; then
            commit 755 "$prefix/bin/gosteady-launch"
            SHIM_TARGET=gosteady-launch
            return
        fi
        rm -f -- "$temporary"
        temporary=
    fi
    rm -f -- "$prefix/bin/gosteady-launch"
}

# A link, or where none can be made the launcher and the program under the name of the face.
install_shim() { # FACE
    if [ "$launcher" = no ]; then
        step "link $prefix/shims/$1 to ../bin/$SHIM_TARGET" || return 0
        make_directory "$prefix/shims"
        begin "$prefix/shims/$1"
        if ln -s "../bin/$SHIM_TARGET" "$temporary" 2>/dev/null && [ -x "$temporary" ]; then
            # What a launcher of an earlier install ran.
            if has_mark "$prefix/shims/$1"; then rm -f -- "$prefix/libexec/$1"; fi
            rmdir -- "$prefix/libexec" 2>/dev/null || :
            mv -f -- "$temporary" "$prefix/shims/$1"
            temporary=
            return
        fi
        say "Links cannot be made in $prefix/shims; the launcher script is used."
    fi
    step "copy the launcher to $prefix/shims/$1, and the program to $prefix/libexec/$1" || return 0
    make_directory "$prefix/libexec"
    begin "$prefix/libexec/$1"
    ln -- "$prefix/bin/gosteady" "$temporary" 2>/dev/null || cp -- "$prefix/bin/gosteady" "$temporary"
    commit 755 "$prefix/libexec/$1"
    make_directory "$prefix/shims"
    begin "$prefix/shims/$1"
    cp -- "$root/shims/go" "$temporary"
    commit 755 "$prefix/shims/$1"
}

# The command itself, where the shims are: what puts them on PATH puts it there too.
install_command() {
    step "link $prefix/shims/gosteady to ../bin/gosteady" || return 0
    make_directory "$prefix/shims"
    begin "$prefix/shims/gosteady"
    if ! ln -s ../bin/gosteady "$temporary" 2>/dev/null || ! [ -x "$temporary" ]; then
        rm -f -- "$temporary"
        printf '#!/bin/sh\n%s the command, where links cannot be made.\nexec %s "$@"\n' \
            "$LAUNCHER_MARK" "$(quote_sh "$prefix/bin/gosteady")" >"$temporary"
        chmod 755 "$temporary"
    fi
    mv -f -- "$temporary" "$prefix/shims/gosteady"
    temporary=
}

install_environment() {
    step "write $prefix/env.sh and $prefix/env.fish" || return 0
    begin "$prefix/env.sh"
    { printf '_gosteady_shims=%s\n' "$(quote_sh "$prefix/shims")" && cat "$root/shims/env.sh"; } >"$temporary"
    commit 644 "$prefix/env.sh"
    begin "$prefix/env.fish"
    { printf 'set -g _gosteady_shims %s\n' "$(quote_fish "$prefix/shims")" && cat "$root/shims/env.fish"; } >"$temporary"
    commit 644 "$prefix/env.fish"
}

# Files of our names that are not ours are left alone: --prefix may name a directory that others use.
is_ours() { # FILE
    case $1 in
    */shims/*) is_shim "$1" ;;
    */libexec/*) has_mark "$prefix/shims/${1##*/}" ;;
    */env.*) LC_ALL=C grep -q _gosteady_shims -- "$1" ;;
    esac
}

check_room() {
    for file in shims/go shims/gofmt shims/gosteady env.sh env.fish; do
        file=$prefix/$file
        if [ -e "$file" ] && ! is_ours "$file"; then
            die "$file is there and not from gosteady" "choose another --prefix"
        fi
    done
}

# ---- the go that stands on PATH ----

# Whether a file named go is a shim of ours, from this or another install.
is_shim() {
    [ -e "$1" ] || [ -L "$1" ] || return 1
    [ -L "$1" ] && case $(readlink "$1") in */gosteady | gosteady | */gosteady-launch) return 0 ;; esac
    # shellcheck disable=SC3013 # in POSIX since 2024, and in dash, busybox, bash and zsh before
    [ -e "$prefix/bin/gosteady" ] && [ "$1" -ef "$prefix/bin/gosteady" ] && return 0
    has_mark "$1"
}

has_mark() { [ -f "$1" ] && [ "$(head -c 200 -- "$1" | LC_ALL=C grep -c "^$LAUNCHER_MARK")" != 0 ]; }

# Sets real_go to the first go on PATH that is neither ours nor a version manager's shim; empty where there is none.
find_real_go() {
    real_go=
    rest=${PATH:+$PATH:}
    while [ -n "$rest" ]; do
        entry=${rest%%:*}
        rest=${rest#*:}
        candidate=$entry/go
        case $entry in /*) ;; *) continue ;; esac
        if ! is_program "$candidate" || is_shim "$candidate"; then continue; fi
        case $entry in
        */shims | *"$newline"*)
            say "Passed over $candidate: a version manager's shim."
            continue
            ;;
        esac
        real_go=$candidate
        return
    done
}

record_real_go() {
    find_real_go
    if [ -z "$real_go" ]; then
        say "No go on PATH: none is recorded. gosteady looks for one whenever it runs."
        return
    fi
    step "record $real_go in $prefix/real-go" || return 0
    begin "$prefix/real-go"
    printf '%s\n' "$real_go" >"$temporary"
    commit 644 "$prefix/real-go"
}

# ---- start-up files ----

sh_line() { printf '[ ! -r %s ] || . %s\n' "$1" "$1"; }
fish_line() { printf 'test -r %s; and source %s\n' "$1" "$1"; }

# Sets line, for the kind of shell that reads the file.
profile_line() { # FILE
    case $1 in
    *.fish) line=$(fish_line "$(quote_fish "$prefix/env.fish")") ;;
    *) line=$(sh_line "$(quote_sh "$prefix/env.sh")") ;;
    esac
}

first_that_exists() { # FILE… ; the last one where none does
    for file in "$@"; do
        [ ! -e "$file" ] || break
    done
    printf '%s\n' "$file"
}

# The file that the user's shell reads. bash reads only one of its login files, so none is made beside another.
profile_of_shell() {
    shell=${SHELL-}
    case ${shell##*/} in
    zsh) printf '%s\n' "${ZDOTDIR:-$HOME}/.zshrc" ;;
    fish) printf '%s\n' "${XDG_CONFIG_HOME:-$HOME/.config}/fish/conf.d/gosteady.fish" ;;
    bash)
        if [ "$(uname -s)" = Darwin ]; then
            first_that_exists "$HOME/.bash_profile" "$HOME/.bash_login" "$HOME/.profile" "$HOME/.bash_profile"
        else
            first_that_exists "$HOME/.bashrc" "$HOME/.bash_profile" "$HOME/.bashrc"
        fi
        ;;
    *) printf '%s\n' "$HOME/.profile" ;;
    esac
}

# Where a start-up file that is a link really lies: dotfiles often are.
resolve() { # FILE
    file=$1
    for _ in 1 2 3 4 5 6 7 8; do
        [ -L "$file" ] || break
        link=$(readlink "$file")
        case $link in
        /*) file=$link ;;
        *) file=$(dirname -- "$file")/$link ;;
        esac
    done
    printf '%s\n' "$file"
}

# How our line ends when we find it, or nothing: `new` (the file is ours), `joined` (there was no line break at
# the end of the file before), `added`.
line_in() { # FILE LINE
    for how in added joined new; do
        if LC_ALL=C grep -qxF -e "$2 $MARK ($how)" -- "$1" 2>/dev/null; then
            printf '%s\n' "$how"
            return
        fi
    done
}

ends_with_newline() { [ -z "$(tail -c 1 -- "$1")" ]; }

add_to_profile() {
    case ${HOME:-} in
    /*) ;;
    *) die "HOME is not set, so there is no start-up file" "leave out --modify-profile" ;;
    esac
    named=$(profile_of_shell)
    profile=$(resolve "$named")
    mend="leave out --modify-profile and add the line yourself"
    if [ -L "$profile" ] || { [ -L "$named" ] && [ ! -d "$(dirname -- "$profile")" ]; }; then
        die "$named is a link that leads nowhere" "$mend"
    fi
    if [ -e "$profile" ] && { [ ! -f "$profile" ] || [ ! -r "$profile" ]; }; then
        die "$profile is not a readable file" "$mend"
    fi
    profile_line "$profile"
    if [ -n "$(line_in "$profile" "$line")" ]; then
        say "$profile has the line already."
        return
    fi
    step "add to $profile: $line" || return 0
    make_directory "$(dirname -- "$profile")"
    begin "$profile"
    if [ ! -e "$profile" ]; then
        printf '%s %s (new)\n' "$line" "$MARK" >"$temporary"
        chmod 644 "$temporary"
    else
        # cp -p for owner and mode; the contents follow.
        cp -p -- "$profile" "$temporary"
        if [ -s "$profile" ] && ! ends_with_newline "$profile"; then
            printf '\n%s %s (joined)\n' "$line" "$MARK" >>"$temporary"
        else
            printf '%s %s (added)\n' "$line" "$MARK" >>"$temporary"
        fi
    fi
    mv -f -- "$temporary" "$profile"
    temporary=
    say "Added one line to $profile; it counts in the next shell."
}

# Takes our line out and leaves every other byte as it is.
remove_from_profile() { # FILE
    profile=$(resolve "$1")
    [ -f "$profile" ] || return 0
    profile_line "$profile"
    how=$(line_in "$profile" "$line")
    [ -n "$how" ] || return 0
    step "remove our line from $profile" || return 0
    begin "$profile"
    cp -p -- "$profile" "$temporary"
    last_newline=1
    ends_with_newline "$profile" || last_newline=0
    # Lines are joined, not ended, so that the end of the file stays as it was.
    OURS="$line $MARK ($how)" LC_ALL=C awk -v last="$last_newline" -v how="$how" '
        $0 == ENVIRON["OURS"] { ours = 1; next }
        { printf "%s%s", n++ ? "\n" : "", $0; ours = 0 }
        END { if (n && last && !(ours && how == "joined")) printf "\n" }
    ' "$profile" >"$temporary"
    if [ "$how" = new ] && [ ! -s "$temporary" ]; then
        rm -f -- "$profile" "$temporary"
    else
        mv -f -- "$temporary" "$profile"
    fi
    temporary=
    say "Removed our line from $profile."
}

# ---- the two jobs ----

print_path_line() {
    say ""
    say "To put gosteady in front of go, run this line, and add it to your shell's start-up file:"
    say "  bash, zsh   $(sh_line "$(quote_sh "$prefix/env.sh")")"
    say "  fish        $(fish_line "$(quote_fish "$prefix/env.fish")")"
    say "(--modify-profile does it for you; in images and CI put $prefix/shims first on PATH.)"
}

install() {
    check_room
    build
    [ "$dry_run" = yes ] || make_directory "$prefix"
    install_program
    install_fast
    for face in $FACES; do install_shim "$face"; done
    install_command
    install_environment
    record_real_go
    [ "$dry_run" = yes ] || say "gosteady is installed in $prefix"
    if [ "$modify_profile" = yes ]; then add_to_profile; else print_path_line; fi
    [ "$demo" = no ] || run_demo
}

# The demo needs a go; where there is none, one is fetched into the cache for it.
run_demo() {
    step "run $prefix/bin/gosteady demo" || return 0
    if [ -z "$real_go" ]; then
        goroot=$("$root/tests/get-go.sh") ||
            die "the demo needs a go and none could be fetched" "install Go and run: $prefix/bin/gosteady demo"
        say "The demo uses the go in $goroot"
        PATH=$goroot/bin:$PATH
        export PATH
    fi
    say ""
    trap - EXIT
    exec "$prefix/bin/gosteady" demo
}

remove_file() {
    [ -e "$1" ] || [ -L "$1" ] || return 0
    is_ours "$1" || return 0
    step "remove $1" || return 0
    rm -f -- "$1"
    removed=yes
}

uninstall() {
    removed=no
    for face in $FACES; do
        remove_file "$prefix/libexec/$face"
        remove_file "$prefix/shims/$face"
    done
    for file in shims/gosteady env.sh env.fish real-go bin/gosteady bin/gosteady-launch; do remove_file "$prefix/$file"; done
    if [ "$dry_run" = no ]; then
        for directory in shims libexec bin; do
            rmdir -- "$prefix/$directory" 2>/dev/null || :
        done
        rmdir -- "$prefix" 2>/dev/null || :
    fi
    case ${HOME:-} in
    /*)
        for file in "$HOME/.bashrc" "$HOME/.bash_profile" "$HOME/.bash_login" "$HOME/.profile" \
            "${ZDOTDIR:-$HOME}/.zshrc" "${XDG_CONFIG_HOME:-$HOME/.config}/fish/conf.d/gosteady.fish"; do
            remove_from_profile "$file"
        done
        ;;
    esac
    if [ "$dry_run" = yes ]; then
        :
    elif [ "$removed" = yes ]; then
        say "gosteady is removed from $prefix. Traces stay in \$XDG_STATE_HOME/gosteady (~/.local/state/gosteady)."
    else
        say "Nothing was installed in $prefix."
    fi
}

main() {
    newline='
'
    root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
    prefix='' prefix_given=no job=install dry_run=no modify_profile=no launcher=no demo=no real_go=''
    while [ $# -gt 0 ]; do
        case $1 in
        --prefix)
            [ $# -gt 1 ] || die "--prefix needs a directory" "write: --prefix DIR"
            prefix=$2 prefix_given=yes
            shift
            ;;
        --prefix=*) prefix=${1#--prefix=} prefix_given=yes ;;
        --modify-profile) modify_profile=yes ;;
        --launcher) launcher=yes ;;
        --demo) demo=yes ;;
        --uninstall) job=uninstall ;;
        --dry-run) dry_run=yes ;;
        -h | --help) usage && exit 0 ;;
        *) die "'$1' is not an option" "see ./install.sh --help" ;;
        esac
        shift
    done
    [ "$prefix_given" = yes ] || prefix=$(default_prefix)
    check_prefix
    trap cleanup EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    "$job"
}

main "$@"
