#!/bin/sh
# vsecm dev: its command line. What it runs is tested by test/integration and by sentinel.sh.
set -u
# shellcheck source=test/cli/table.sh
. "$(dirname "$0")/table.sh"
cd "$scratch" || exit 1

row 'help' 0 '~vsecm dev add --dir DIR NAME[:NAMESPACE]...' '' -- dev --help
row 'help wins over all else' 0 '~usage:' '' -- dev --svid-ttl x -h
row 'no folder' 1 '' 'vsecm dev: give the folder by --dir (Type `vsecm dev --help` for help.)' -- dev
row 'an empty one' 1 '' 'give the folder by --dir' -- dev --dir ''
row 'an unknown option' 1 '' 'did you mean --workload?' -- dev --dir x --worklaod a
row 'a word that belongs nowhere' 1 '' '`billing` belongs to no option' -- dev --dir x billing
row 'a name that is none' 1 '' 'vsecm dev: ' -- dev --dir x --workload a/b
for ttl in 1 2678401 -5 1h; do
    row "an identity's life of $ttl" 1 '' '--svid-ttl takes seconds, from 2 to 2678400' -- dev --dir x "--svid-ttl=$ttl"
done
row 'add without a name' 1 '' 'give the workload to add' -- dev add --dir x
row 'add with the wrong option' 1 '' '`add` takes --dir and the names' -- dev add --dir x --workload a
row 'add where nothing runs' 5 '' 'vsecm dev: no `vsecm dev` runs in' -- dev add billing --dir "$scratch"
row 'add in a folder that is none' 5 '' 'vsecm dev: no `vsecm dev` runs in x;' -- dev add billing --dir x
truth 'nothing was made' [ ! -e x ]
finish
