#!/bin/sh
# clang-tidy over every file of ours, one process a file, findings are errors. A file that was clean is not looked at again until it,
# a header or the list of checks changes.
set -u
cores=${1:-2}
stamps=.cache/tidy
mkdir -p "$stamps"
common=$(cat .clang-tidy $(find include src cli -name '*.h' | LC_ALL=C sort) | sha256sum | cut -c1-32)
export common stamps
find src cli -name '*.c' | LC_ALL=C sort | xargs -P "$cores" -n 1 sh -c '
    stamp=$stamps/$({ echo "$common"; cat "$0"; } | sha256sum | cut -c1-32)
    [ -e "$stamp" ] && exit 0
    clang-tidy-14 --quiet -p build/clang "$0" 2>/dev/null || { echo "findings in $0"; exit 1; }
    : >"$stamp"'
