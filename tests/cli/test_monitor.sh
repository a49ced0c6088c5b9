#!/bin/sh
# A batch of the same kind passes; one that has moved is found, recorded, and told by the exit status.
. "$(dirname "$0")/support.sh"
loans 4000 1
people
approved
vouch simulate credit --rows 8000 --seed 77 --out same.csv --quiet
vouch simulate credit --rows 8000 --seed 78 --fault drift --out moved.csv --quiet # the last quarter has moved
code=0
vouch monitor --batch "SELECT * FROM 'same.csv' WHERE id > 6000" --key service.pem --quiet >same.txt || code=$?
[ "$code" -eq 0 ] || { cat same.txt; fail "a batch of the same kind gave $code"; }
expect 3 vouch monitor --batch "SELECT * FROM 'moved.csv' WHERE id > 6000" --key service.pem --quiet
expect 3 vouch monitor --batch "SELECT * FROM 'moved.csv' WHERE id > 6000 AND id % 2 = 0" --json --quiet
prints '"id":"monitor.psi_input"'
# outcomes that come late: young rows are left out of every test of outcomes, and what is open is told
last=$(tail -1 same.csv | cut -d, -f2 | cut -c1-7 | tr -d -)
late="SELECT * REPLACE (CASE WHEN id % 25 = 0 OR (id > 7000 AND defaulted = 0) THEN NULL ELSE defaulted END AS defaulted) FROM 'same.csv'"
code=0
vouch monitor --batch "$late" --maturity 6 --json --quiet >late.json || code=$?
[ "$code" -eq 0 ] || [ "$code" -eq 3 ] || fail "delayed outcomes gave $code"
python3 - late.json "$last" <<'PY'
import json, sys
entries = {e["id"]: e for e in json.load(open(sys.argv[1]))["entries"]}
late, auc = entries["drift.delayed_labels"], entries["monitor.auc"]
rows = late["tables"]["cohorts"]["rows"]
young = [r for r in rows if r[1] == "too young"]
assert young and all(r[6] is None for r in young), rows
assert "At the end of %s-%s" % (sys.argv[2][:4], sys.argv[2][4:]) in late["note"], late["note"]
low, high = late["tables"]["measures"]["rows"][0][4:6]
assert low < late["value"] < high, (low, late["value"], high)
assert auc["n"] >= late["n"] > 0, (auc["n"], late["n"]) # months ripen one by one, cohorts by the quarter
PY
expect 2 vouch monitor --batch same.csv --maturity long
expect 2 vouch monitor --batch same.csv --as-of 202312
says "--as-of needs --maturity"
expect 1 vouch monitor --batch "SELECT * EXCLUDE (application_date) FROM 'same.csv'" --maturity 6 --quiet
says "the batch has no dates in a column 'application_date'"
expect 1 vouch monitor --batch nowhere.csv --quiet
says nowhere.csv
vouch ledger --quiet | grep -c monitor | grep -qx 2 || fail "two verdicts should be in the ledger"
expect 0 vouch verify
echo "the same kind passes, a moved one fails, both verdicts are recorded"
