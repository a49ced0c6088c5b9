#!/bin/sh
# Against real peers and clients. ./dev conformance [NAME] runs tests/conformance/NAME.sh, or all of them.
set -u
only=${1:-}
passed=0
failed=0
for script in tests/conformance/*.sh; do
    name=$(basename "$script" .sh)
    [ -z "$only" ] || [ "$only" = "$name" ] || continue
    echo "== $name"
    if sh "$script"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
