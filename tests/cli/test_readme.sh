#!/bin/sh
# "Your own data" of the README runs as it stands, line after line; only the server is test_serve's matter.
. "$(dirname "$0")/support.sh"
sed -n '/^## Your own data/,/^## What it does/{s/^    //p}' "$root/README.md" | grep -v -e '^export PATH=' -e '^vouch serve ' -e '^curl ' >steps
[ "$(grep -c . steps)" -ge 14 ] || fail "the README has another shape"
HOME=$place
{ echo "cd '$root'" && cat steps; } >page.sh
sh page.sh >out 2>err || { cat out err >&2; fail "the last line of the README"; }
cat err >>out
for words in "vouch.db belongs to Olga Owner" "The approver may act as approver" "Champion: scorecard" "report    result/report.html" \
    "model scorecard is approved" "No number is beyond a policy limit." "verified: " "byte for byte the same"; do
    prints "$words"
done
if grep -q '^vouch: ' out; then cat out >&2 && fail "a line of the README is refused"; fi
[ -s loans/result/report.html ] || fail "no report"
