#!/bin/sh
# vsecm help: what is made of the roles' manuals is good for the programs that read it.
set -u
# shellcheck source=test/cli/table.sh
. "$(dirname "$0")/table.sh"
cd "$scratch" || exit 1
roles='safe sentinel sidecar init keystone keygen inspector exec dev demo help'

row 'nothing asked' 1 '' 'type `vsecm help ROLE`' -- help man
row 'no such role' 1 '' 'there is no such role' -- help man nobody
row 'no such shell' 1 '' 'bash, zsh and fish' -- help completion csh
row 'help about help' 0 '~vsecm help man ROLE' '' -- help --help
row 'the table of variables' 0 '~VSECM_SAFE_DATA_PATH' '' -- help env
row 'a role: the same as its --help' 0 '~usage: vsecm keygen' '' -- help keygen

# --- man pages -------------------------------------------------------------------------------------------------------
for role in $roles; do
    "$VSECM" help man "$role" >"vsecm-$role.1"
    truth "$role: a man page without a fault" sh -c "mandoc -T lint -W warning 'vsecm-$role.1' >lint || ! grep -vE 'missing date|STYLE' lint >&2"
    truth "$role: which begins with its name" grep -q "^vsecm.-$role .- " "vsecm-$role.1"
done
truth 'a page has the options' sh -c "mandoc -T ascii vsecm-sentinel.1 | col -b | grep -q -e '--secret-file FILE'"
truth 'and the variables of its role' sh -c "mandoc -T ascii vsecm-sidecar.1 | col -b | grep -q '^ *VSECM_SIDECAR_SECRETS_PATH'"
truth 'and no other' sh -c "! grep -q VSECM_SAFE_DATA_PATH vsecm-sidecar.1"
truth 'and a dot at a line start stays text' sh -c "mandoc -T ascii vsecm-dev.1 | col -b | grep -q '[.] ./playground/env/billing'"

# --- completion ------------------------------------------------------------------------------------------------------
for shell in bash zsh fish; do
    "$VSECM" help completion $shell >completion.$shell
    truth "$shell reads its script" $shell -n completion.$shell
done
completes() { # NAME WANTED WORDS...: bash offers WANTED for the last of WORDS
    name=$1 wanted=$2
    shift 2
    cat >ask.bash <<'BASH'
. ./completion.bash
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_vsecm "$1"
printf '%s\n' "${COMPREPLY[@]}"
BASH
    bash ask.bash "$@" >offered
    truth "$name" grep -qxF -- "$wanted" offered
}
completes 'a role' sentinel vsecm se
completes 'a subcommand' render vsecm sentinel re
completes 'an option' --secret-file vsecm sentinel --sec
completes 'an option of safe' --secret-file safe --sec
completes 'the words of an option' memory safe -w billing -b ''
completes 'a file' completion.bash safe --secret-file comp
completes 'a subcommand of dev' add vsecm dev a
"$VSECM" help completion zsh | sed '$d' >functions.zsh
truth 'zsh has a function for each role' zsh -c '. ./functions.zsh; for role in $@; do (($+functions[_vsecm_$role])) || exit 1; done' zsh $roles
fish_offers() { fish --no-config -c "source completion.fish; complete --do-complete '$1'" | cut -f1 | grep -qxF -- "$2"; }
truth 'fish: a role' fish_offers 'vsecm se' sentinel
truth 'fish: an option of safe' fish_offers 'safe --sec' --secret
truth 'fish: the words of an option' fish_offers 'safe --store ' memory

finish
