# Table tests of a command line, in TAP. A script sets VSECM (the program) by its first argument and sources this.
#
#   row NAME STATUS OUT ERR -- ARGUMENTS...
#
# STATUS  the exit status
# OUT     all of standard output, in printf's %b notation; `@FILE`: the bytes of FILE; `~TEXT`: TEXT is somewhere in it
# ERR     a piece of standard error; empty: standard error is empty; `-`: anything
# The row reads $stdin, a file, and has $environment, words NAME=value; both are empty again afterwards.
# shellcheck shell=sh

VSECM=$(realpath "$1")
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
num_rows=0
stdin=
environment=

row() {
    name=$1 status=$2 out=$3 err=$4
    shift 5
    num_rows=$((num_rows + 1))
    # shellcheck disable=SC2086 # the words of $environment are meant to be split
    env -i PATH="$PATH" $environment "$VSECM" "$@" <"${stdin:-/dev/null}" >"$scratch/.out" 2>"$scratch/.err"
    got=$?
    stdin=
    environment=
    why=
    [ "$got" -eq "$status" ] || why="exit status $got instead of $status"
    case $out in
        @*) cmp -s "${out#@}" "$scratch/.out" || why="$why; standard output differs" ;;
        ~*) grep -qF -- "${out#\~}" "$scratch/.out" || why="$why; standard output lacks: ${out#\~}" ;;
        *) printf '%b' "$out" | cmp -s - "$scratch/.out" || why="$why; standard output differs" ;;
    esac
    case $err in
        -) ;;
        '') [ ! -s "$scratch/.err" ] || why="$why; standard error is not empty" ;;
        *) grep -qF -- "$err" "$scratch/.err" || why="$why; standard error lacks: $err" ;;
    esac
    if [ -z "$why" ]; then
        echo "ok $num_rows - $name"
    else
        echo "not ok $num_rows - $name"
        echo "# $why"
        sed 's/^/# out: /' "$scratch/.out" | head -20
        sed 's/^/# err: /' "$scratch/.err" | head -20
    fi
}

# A condition that is no command line of ours: truth NAME COMMAND...
truth() {
    name=$1
    shift
    num_rows=$((num_rows + 1))
    if "$@"; then echo "ok $num_rows - $name"; else echo "not ok $num_rows - $name"; fi
}

# What happens in another process: eventually COMMAND..., within 20 s.
eventually() {
    tries=0
    until "$@" 2>/dev/null; do
        tries=$((tries + 1))
        [ $tries -lt 400 ] || return 1
        sleep 0.05
    done
}

# The variables of an identity of `vsecm dev --dir dev`, as words NAME=value.
variables_of() { sed -n "s/^export \([A-Z_]*\)='\(.*\)'$/\1=\2/p" "dev/env/$1" | tr '\n' ' '; }

finish() { echo "1..$num_rows"; }
