#!/bin/sh
# Explanations and reasons from the command line: of models fitted here and imported, that they add up, name what they
# compare with, and refuse by name. Then an imported model as champion of a project: run, decided and served.
. "$(dirname "$0")/support.sh"
loans 1500 8
sed -i 's/trees: [0-9]*/trees: 20/' vouch.yaml
vouch run --out fitted --quiet >/dev/null || [ $? -eq 3 ] || fail "run"
python3 "$root/tests/cli/tiny_xgboost.py" >xgb.json
expect 0 vouch import xgb.json --name xgb --out xgb.vouch --quiet
cat >groups.yaml <<'Y'
income: {characteristic: means, text: Income insufficient for amount of credit requested, code: R10}
loan_amount: {characteristic: means}
Y
sums() { # every line of out: base and contributions are raw, to 1e-9
    python3 - "$1" <<'PY'
import csv, sys
rows = list(csv.DictReader(open("out")))
assert len(rows) == int(sys.argv[1]), len(rows)
told = ("base", "raw", "residual", "source_gap", "definition", "reference", "id")
for row in rows:
    total = float(row["base"]) + sum(float(v) for k, v in row.items() if k not in told)
    assert abs(total - float(row["raw"])) <= 1e-9 + abs(float(row["source_gap"])), row
    assert abs(float(row["residual"])) <= 1e-9, row
    assert row["definition"] in ("interventional", "path")
PY
}
for model in fitted/models/scorecard.vouch fitted/models/boosted.vouch xgb.vouch; do
    expect 0 vouch explain $model loans.csv --id id --rows 50 --quiet
    sums 50
    prints "all 1500 rows of loans.csv"
    expect 0 vouch explain $model loans.csv --id id --rows 50 --method path --quiet
    sums 50
    expect 0 vouch explain $model loans.csv --id id --rows 50 --cutoff 0.5 --reference near-cutoff --quiet
    sums 50
    prints "just approved at the cut-off of 0.5"
    expect 0 vouch reasons $model loans.csv --id id --groups groups.yaml --top 2 --quiet
    cp out once
    expect 0 vouch reasons $model loans.csv --id id --groups groups.yaml --top 2 --threads 1 --quiet
    cmp -s out once || fail "reasons depend on threads"
    expect 0 vouch reasons $model loans.csv --id id --cutoff 0.1 --output json --quiet
    python3 -c 'import json; d = json.load(open("out")); assert d["rows"] and d["ties"] and d["reference"]["rows"] == 1500
for r in d["rows"]:
    assert r["decision"] in ("decline", "refer") and r["probability"] > 0.1
    values = [x["log_odds"] for x in r["reasons"]]
    assert values == sorted(values, reverse=True) and all(v > 0 for v in values) and len(values) <= 4'
    expect 0 vouch explain $model loans.csv --id id --row 7 --output html --out page.html --quiet
    grep -q '<svg' page.html || fail "no picture"
    grep -q 'this applicant' page.html || fail "no waterfall"
    grep -q 'low value' page.html || fail "no beeswarm"
    ! grep -qE '(src|href)="?https?:|<script|@import|url\(' page.html || fail "the page fetches something"
done
expect 0 vouch reasons xgb.vouch loans.csv --id id --groups groups.yaml --quiet
prints '"means","R10","Income insufficient for amount of credit requested"'

# Refusals: one line that names the file, the field and the value
expect 1 vouch explain xgb.json loans.csv --quiet
says "xgb.json"
expect 1 vouch explain xgb.vouch nowhere.csv --quiet
says "nowhere.csv"
expect 1 vouch explain xgb.vouch loans.csv --id id --row 999999 --quiet
says "999999"
expect 1 vouch explain xgb.vouch loans.csv --row x --quiet
says "'x'"
printf 'incme: {characteristic: a}\n' >wrong.yaml
expect 1 vouch reasons xgb.vouch loans.csv --groups wrong.yaml --quiet
says "wrong.yaml:1:1: 'incme' is no input of the model, did you mean 'income'?"
printf 'income: {characteristic: 7}\n' >wrong.yaml
expect 1 vouch reasons xgb.vouch loans.csv --groups wrong.yaml --quiet
says "wrong.yaml"
cut -d, -f1-3 loans.csv >narrow.csv
expect 1 vouch explain xgb.vouch narrow.csv --quiet
says "narrow.csv"
expect 2 vouch explain xgb.vouch loans.csv --output pdf
expect 2 vouch explain xgb.vouch loans.csv --cutoff 2
expect 2 vouch explain xgb.vouch loans.csv --reference near-cutoff
expect 2 vouch reasons xgb.vouch loans.csv --top 0
expect 2 vouch reasons xgb.vouch loans.csv --method path
expect 1 vouch explain xgb.vouch loans.csv --method path --output html --quiet
expect 0 vouch explain --help
prints "base + contributions = raw"

# An imported model in a project file has every control, is replayed and serves with reasons
python3 - <<'PY'
text = open("vouch.yaml").read()
head, rest = text.split("models:", 1)
tail = rest[rest.index("\nchampion:"):]
tail = tail.replace(tail[tail.index("prefer:"):].split(",")[0].split("\n")[0].rstrip("}"), "prefer: brought")
open("imported.yaml", "w").write(head + "models:\n  brought: {import: xgb.json}\n  own: {kind: gbdt, trees: 20}\n" + tail)
PY
people
vouch run --project imported.yaml --key dana.pem --quiet >run.txt || [ $? -eq 3 ] || fail "run of an imported model"
grep -q '"explain.additivity/brought/test"' result/evidence.json || fail "no additivity of the imported model"
grep -q 'brought was trained elsewhere' result/report.html || fail "the report does not say where the model is from"
vouch model sign brought --key victor.pem --quiet
vouch model approve brought --key ada.pem --quiet
serve --model brought
curl -sS -o answer.json -d @result/request.json "$address/v1/decisions"
grep -q '"decision":"' answer.json || fail "no decision of an imported model"
id=$(sed 's/.*"id":"\([^"]*\)".*/\1/' answer.json)
kill -TERM "$server"
wait "$server" || fail "the server did not stop gracefully"
expect 0 vouch replay "$id"
expect 0 vouch replay brought
sed 's/import: xgb.json/import: xgb.json, iterashuns: 3/' imported.yaml >wrong.yaml
expect 1 vouch run --project wrong.yaml --out none --quiet
says "iterations"
sed 's/import: xgb.json/import: gone.json/' imported.yaml >wrong.yaml
expect 1 vouch run --project wrong.yaml --out none --quiet
says "gone.json"
echo "explanations and reasons of fitted and imported models, from the command line to a served decision"
