#!/bin/sh
# What libvouch.so exports is what api/vouch.symbols lists, and what the public headers declare; all of it begins with
# vouch_. Usage: check_symbols.sh LIBRARY, or check_symbols.sh --update to make the list from the headers.
set -eu
cd "$(dirname "$0")/.."
list=api/vouch.symbols
LC_ALL=C
export LC_ALL

# Every function or object declared with VOUCH_API: the word before the first bracket or semicolon.
declared() {
    cat include/vouch/*.h | sed 's|/\*.*\*/||' | tr '\n' ' ' | sed 's/VOUCH_API/\n&/g' |
        sed -n 's/^VOUCH_API[^(;]*[^A-Za-z0-9_(;]\([a-z][A-Za-z0-9_]*\) *[(;[].*/\1/p' | sort -u
}

if [ "${1:-}" = --update ]; then
    mkdir -p api
    declared >"$list"
    exit 0
fi
library=${1:-build/release/libvouch.so}
[ -f "$library" ] || { echo "no library at $library: build the release preset first"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
nm -D --defined-only "$library" | awk '{ sub(/@.*/, "", $3); print $3 }' | sort -u >"$work/exported"
declared >"$work/declared"
failed=0
compare() { # A B WORDS
    if comm -23 "$1" "$2" | grep . >"$work/only"; then
        sed "s|\$|: $3|" "$work/only"
        failed=1
    fi
}
compare "$work/exported" "$list" "exported, but not in $list"
compare "$list" "$work/exported" "in $list, but not exported"
compare "$work/declared" "$list" "declared in include/, but not in $list (tools/check_symbols.sh --update)"
compare "$list" "$work/declared" "in $list, but declared in no public header"
if grep -v '^vouch_[a-z]' "$work/exported"; then
    echo "exported names must begin with vouch_"
    failed=1
fi
[ "$failed" -eq 0 ] && echo "$(wc -l <"$list") symbols are exported, listed and declared"
exit "$failed"
