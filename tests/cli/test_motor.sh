#!/bin/sh
# The motor-insurance example: frequency, severity and pure premium, on simulated policies; with VOUCH_TEST_ALL=1 on freMTPL2
# too, where the true data are; all claims counted, the published deviance of the mean is 0.329 a policy (0.339 on test).
. "$(dirname "$0")/support.sh"
cp "$root"/examples/fremtpl2/*.yaml "$root"/examples/fremtpl2/prepare.py .
python3 prepare.py 6000
for project in frequency severity premium; do
    code=0
    vouch run --project $project.yaml --out $project --quiet >out 2>err || code=$?
    [ "$code" -eq 0 ] || [ "$code" -eq 3 ] || { cat err; fail "$project gave $code"; }
    grep -q 'validate.actual_levels' $project/evidence.json || fail "$project: no actual over expected"
done
vouch explain frequency/models/tariff.vouch policies.csv --id IDpol --row 1 --output html >page.html
grep -q 'One row in full' page.html || fail "the page does not show the row"
! grep -qE 'applicant|12 CFR' page.html || fail "a policy is no applicant"
if [ "${VOUCH_TEST_ALL:-0}" = 0 ]; then
    echo "three projects on simulated policies; freMTPL2 itself is skipped: VOUCH_TEST_ALL is not set"
    exit 0
fi
data=$root/../shared/data/fremtpl2
[ -d "$data" ] || { echo "three projects on simulated policies; freMTPL2 itself is skipped: no $data"; exit 0; }
python3 prepare.py "$data"
vouch run --project frequency.yaml --out real --quiet >out 2>err || [ $? -eq 3 ] || { cat err; fail "freMTPL2"; }
python3 - real/evidence.json <<'PY' || fail "freMTPL2: the tariff explains too little"
import json, sys
e = {x["key"]: x for x in json.load(open(sys.argv[1]))["entries"]}["validate.deviance/tariff/test"]
by_case = {r[0]: r[1] for r in e["tables"]["deviance"]["rows"]}
print(e["value"], by_case)
assert e["value"] > 0.02 and 0.32 < by_case["of the mean outcome alone, by case"] < 0.34
PY
echo "three projects on simulated policies, and the frequency of freMTPL2"
