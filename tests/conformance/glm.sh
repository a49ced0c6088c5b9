#!/bin/sh
# Generalised linear models against the literature: the first model of the French motor claims (Wuethrich & Merz 2023,
# listing 5.3) has 49 parameters and the published deviances, 24.101 on learn and 24.146 on test (in 1e-2).
set -eu
root=$PWD
data=$root/../shared/data/fremtpl2
PATH=$root/build/release/bin:$PATH
[ -d "$data" ] || { echo "skipped: no freMTPL2 in ../shared/data"; exit 0; }
command -v vouch >/dev/null || { echo "skipped: no build/release/bin/vouch"; exit 0; }
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
is() { [ "$2" = "$3" ] || { echo "$1 is $2, published: $3"; exit 1; }; }
claims() { python3 "$root/tests/conformance/glm_claims.py" "$@"; }
is "the split" "$(claims prepare "$data" learn.csv test.csv)" "610206 67801"
vouch fit "$root/tests/conformance/glm_claims.yaml" learn.csv --out glm.vouch --quiet >told
is "the number of parameters" "$(sed -n 's/^coefficients[[:space:]]*//p' told)" 49
for part in learn:24.101 test:24.146; do
    vouch score glm.vouch "${part%:*}.csv" --quiet >predicted.csv
    is "the deviance on ${part%:*}" "$(claims deviance "${part%:*}.csv" predicted.csv)" "${part#*:}"
done
echo "freMTPL2: 49 parameters, deviances 24.101 on learn and 24.146 on test"
