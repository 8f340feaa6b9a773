# Puts the shims first on PATH for fish. To be sourced; sourcing it again changes nothing.
# install.sh writes the line that sets _gosteady_shims above this text.

if set -q _gosteady_shims
    # An entry further back is moved, not doubled.
    while set -l _gosteady_at (contains -i -- $_gosteady_shims $PATH)
        set -e PATH[$_gosteady_at]
    end
    set -gx PATH $_gosteady_shims $PATH
    set -e _gosteady_shims
end
