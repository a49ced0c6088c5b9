#!/bin/sh
# Drift in constant memory: the verdicts of sketches are those of cases, a stored reference is as good as its rows,
# parts merge, and what is misspelt or damaged is said.
. "$(dirname "$0")/support.sh"
vouch simulate credit --rows 9000 --seed 1 --out before.csv --quiet
vouch simulate credit --rows 9000 --seed 2 --fault drift --out now.csv --quiet
verdicts() { python3 - "$1" <<'PY'
import json, sys
for e in json.load(open(sys.argv[1]))["entries"]:
    print(e["id"], e["verdict"], "%.2f" % e["value"])
PY
}
code=0
vouch test run --suite columns --data now.csv --reference before.csv --id id --out cases --quiet >cases.out || code=$?
judged=$code # expect sets code
expect "$judged" vouch drift --current now.csv --reference before.csv --without id --out sketched --quiet
verdicts cases/evidence.json >cases.txt
verdicts sketched/evidence.json >sketched.txt
cmp cases.txt sketched.txt || { diff cases.txt sketched.txt >&2; fail "sketches give other verdicts than cases"; }

# the same bytes on any number of threads, and from CSV, Parquet or a query
expect "$judged" vouch drift --current now.csv --reference before.csv --without id --out again --threads 1 --quiet
cmp sketched/evidence.json again/evidence.json || fail "threads make a difference"
expect 0 vouch sketch now.csv --without id --out now.sketch --quiet
expect 0 vouch sketch "SELECT * FROM 'now.csv'" --without id --out query.sketch --quiet
cmp now.sketch query.sketch || fail "a query's sketch is another"

# a stored reference, whole and merged from parts
expect 0 vouch sketch before.csv --without id --out before.sketch
prints "9000 rows"
expect "$judged" vouch drift --current now.csv --reference before.sketch --without id --out stored --quiet
verdicts stored/evidence.json | cmp - sketched.txt || fail "a stored reference gives other verdicts"
expect "$judged" vouch test run drift.psi --data now.csv --reference before.sketch --quiet --set drift.psi.bins=10
(head -1 before.csv; sed -n 2,4000p before.csv) >part1.csv
(head -1 before.csv; sed -n '4001,$p' before.csv) >part2.csv
expect 0 vouch sketch part1.csv part2.csv --without id --out merged.sketch
prints "9000 rows"
expect "$judged" vouch drift --current now.sketch --reference merged.sketch --out merged --quiet
verdicts merged/evidence.json | cmp - sketched.txt || fail "merged parts give other verdicts"

# a column that vanished, changed its type or is new: of sketches the first two are refused, the third is told
awk 'NR == 1 || NR % 11 == 0' before.csv >few.csv
cut -d, -f1-10,12- few.csv >lacking.csv
awk -F, -v OFS=, 'NR > 1 { $11 = "m" $11 } { print }' few.csv >texts.csv
awk -F, -v OFS=, 'NR > 1 { $11 = "" } { print }' few.csv >empty.csv
expect 1 vouch drift --current lacking.csv --reference before.csv --without id --quiet
says "column 'term_months' of the reference is not in the current data; leave it out with --without or choose --columns"
expect 1 vouch test run drift.psi --data lacking.csv --reference before.sketch --quiet
says "column 'term_months' of the reference is not in the current data"
expect 1 vouch drift --current texts.csv --reference before.sketch --without id --quiet
says "column 'term_months' is of type integer in the reference and of type text in the current data; leave it out"
expect 0 vouch drift --current lacking.csv --reference before.sketch --without id,term_months --quiet
expect 0 vouch drift --current few.csv --reference lacking.csv --without id --json --quiet
prints "Not in the reference, so not compared: term_months."
expect 1 vouch sketch before.sketch lacking.csv --without id --out mixed.sketch --quiet
says "column 'term_months' is not in all sets"
expect 1 vouch sketch before.sketch texts.csv --without id --out mixed.sketch --quiet
says "column 'term_months' is of type integer in one set and of type text in another"
# one that lost its values is compared, whatever type the file gives it
expect 3 vouch drift --current empty.csv --reference before.sketch --columns term_months --quiet
# of cases a lost column is told, and no test passes over it: here nothing else has changed
expect 0 vouch test run drift.psi drift.domain_classifier --data lacking.csv --reference few.csv --id id --json --quiet
[ "$(grep -o '"verdict":"advisory"' out | wc -l)" -eq 2 ] || fail "a lost column passes"
prints "could not be compared: term_months (not in the data)"
expect 0 vouch test run drift.psi --data texts.csv --reference few.csv --id id --json --quiet
prints "could not be compared: term_months (text, was integer)"
expect 0 vouch test run drift.psi --data few.csv --reference lacking.csv --id id --features income,term_months --json --quiet
prints "could not be compared: term_months (not in the reference)"

head -c 5000 before.sketch >cut.sketch
expect 1 vouch drift --current now.csv --reference cut.sketch --quiet
says "cut.sketch: the file is not whole"
expect 1 vouch drift --current now.csv --reference before.csv --columns incme --quiet
says "has no column 'incme'"
expect 2 vouch drift --current now.csv
expect 2 vouch sketch before.csv --out before.bin --quiet
says "must end in .sketch"
