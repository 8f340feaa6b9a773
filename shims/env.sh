# Puts the shims first on PATH for sh, bash, zsh and their kin. To be sourced; sourcing it again changes nothing.
# install.sh writes the line that sets _gosteady_shims above this text.
# shellcheck shell=sh

if [ -n "${_gosteady_shims-}" ]; then
    _gosteady_path=:${PATH-}:
    # An entry further back is moved, not doubled.
    while :; do
        case $_gosteady_path in
        *":$_gosteady_shims:"*)
            _gosteady_path=${_gosteady_path%%":$_gosteady_shims:"*}:${_gosteady_path#*":$_gosteady_shims:"}
            ;;
        *) break ;;
        esac
    done
    _gosteady_path=${_gosteady_path#:}
    _gosteady_path=${_gosteady_path%:}
    PATH=$_gosteady_shims${_gosteady_path:+:$_gosteady_path}
    export PATH
    unset _gosteady_path _gosteady_shims
fi
