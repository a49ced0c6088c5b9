#!/bin/sh
# Binning from the command line: one column, two, all; in memory and streamed; as an expression that makes bins of two columns an
# input of a scorecard, and as a page. What can't be is said.
. "$(dirname "$0")/support.sh"
vouch simulate credit --rows 4000 --seed 1 --out loans.csv --quiet
value() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$1" "$2"; }

expect 0 vouch profile loans.csv --quiet
grep -Eq "^application_date +date +4000 +0 +[0-9]+ +20[0-9]{2}-[01][0-9]-[0-3][0-9] " out || fail "dates are numbers"
expect 0 vouch profile loans.csv --json --quiet
python3 -c 'import json
for c in json.load(open("out")):
    assert c["distinct"] <= c["rows"], c
    assert (c["type"] in ("date", "time")) == isinstance(c["minimum"], str), c'
expect 0 vouch bin loans.csv --target defaulted --quiet
prints "quality"
expect 0 vouch bin loans.csv --target defaulted --column term_months --json --quiet
cp out kept.json
expect 0 vouch bin loans.csv --target defaulted --column term_months --json --quiet --stream
[ "$(value out bins)" = "$(value kept.json bins)" ] || fail "streamed bins are others"
[ "$(value out rank_error)" = 0 ] || fail "few values have an error"

expect 0 vouch bin loans.csv --target defaulted --column income --with utilisation --html map.html --quiet
prints 'utilisation \ income'
grep -q '<svg' map.html || fail "the page has no map"
expect 0 vouch bin loans.csv --target defaulted --column income --with utilisation --json --quiet --threads 1
cp out pair.json
expect 0 vouch bin loans.csv --target defaulted --column income --with utilisation --json --quiet --threads 3
cmp out pair.json || fail "threads make a difference"
[ "$(value pair.json is_best)" = True ] || fail "the search was given up"

# bins of two columns as an input of a scorecard
printf 'target: defaulted\ninputs: [pair]\nmodel: {kind: scorecard, min_iv: 0}\n' >recipe.yaml
expect 0 vouch fit recipe.yaml "SELECT *, $(value pair.json sql) AS pair FROM 'loans.csv'" --id id --out card.vouch --quiet --json
prints 'utilisation'
python3 - <<'PY' || fail "the card's information value is not that of the bins"
import json
pair, card = json.load(open("pair.json")), json.load(open("out"))
iv = [row[2] for row in card["model"]["characteristics"]["rows"]]
assert len(iv) == 1 and abs(iv[0] - sum(b["worth"] for b in pair["bins"])) < 0.25 * pair["value"], (iv, pair["value"])
PY

expect 2 vouch bin loans.csv --target defaulted --with income
expect 2 vouch bin loans.csv --target defaulted --column term_months --with income --stream
says "can't be together"
expect 2 vouch bin loans.csv --target defaulted --column term_months --html page.html --stream
says "--html and --overrides or --stream can't be together"
expect 1 vouch bin loans.csv --target defaulted --column nothing --stream
expect 1 vouch bin loans.csv --target defaulted --column income --with term_months --rules '{trend: peak}'
says "trend peak is of one variable"
