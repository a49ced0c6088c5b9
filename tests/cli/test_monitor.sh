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
expect 1 vouch monitor --batch nowhere.csv --quiet
says nowhere.csv
vouch ledger --quiet | grep -c monitor | grep -qx 2 || fail "two verdicts should be in the ledger"
expect 0 vouch verify
echo "the same kind passes, a moved one fails, both verdicts are recorded"
