#!/bin/sh
# A model that XGBoost has exported and one that LightGBM has, over the card accounts of the demonstration (simulated loans
# where they can't be had): imported, scored to the last bit, explained as the libraries explain them, told as reasons,
# shown in a browser, then run and served as champion. Packages come from the registry into .cache.
set -eu
root=$PWD
PATH=$root/build/release/bin:$PATH
python=$root/.cache/bench-venv/bin/python
[ -x "$python" ] || python3 -m venv .cache/bench-venv
"$python" -c 'import lightgbm, xgboost, pandas' 2>/dev/null ||
    "$python" -m pip install --quiet lightgbm pandas xgboost-cpu >&2
place=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill -9 $server 2>/dev/null || :; rm -rf "$place"' EXIT
cards=$root/.cache/cards/cards.csv
cd "$place"
[ -f "$cards" ] || vouch simulate credit --rows 12000 --seed 1 --out loans.csv --quiet
"$python" - "$cards" <<'PY'
import os, sys
import lightgbm, pandas, xgboost
if os.path.exists(sys.argv[1]):
    data = pandas.read_csv(sys.argv[1], encoding="utf-8-sig").rename(columns={"ID": "id", "DEFAULT": "bad"})
    data = data.drop(columns=["SEX", "AGE", "MARRIAGE", "EDUCATION"])
else:
    data = pandas.read_csv("loans.csv").rename(columns={"defaulted": "bad"})
    data = data[["id", "income", "savings", "loan_amount", "debt_to_income", "utilisation", "delinquencies_2y", "history_months", "bad"]]
x, y = data.drop(columns=["id", "bad"]).astype(float), data["bad"]
names = list(x.columns)
train = data["id"] % 2 == 0
rows = xgboost.DMatrix(x, feature_names=names)
xgb = xgboost.train({"objective": "binary:logistic", "max_depth": 6, "eta": 0.05, "nthread": 2},
                    xgboost.DMatrix(x[train], y[train], feature_names=names), 200)
lgb = lightgbm.train({"objective": "binary", "num_leaves": 63, "learning_rate": 0.05, "verbose": -1, "num_threads": 2},
                     lightgbm.Dataset(x[train], y[train]), 200)
xgb.save_model("xgb.json")
lgb.save_model("lgb.txt")
data["xgb"] = xgb.predict(rows, output_margin=True).astype(float)
data["lgb"] = lgb.predict(x, raw_score=True)
data.to_csv("rows.csv", index=False, float_format="%.17g")
some = x.iloc[:500]
pandas.DataFrame(xgb.predict(xgboost.DMatrix(some, feature_names=names), pred_contribs=True), columns=names + ["base"]).to_csv("xgb.contrib", index=False)
pandas.DataFrame(lgb.predict(some, pred_contrib=True), columns=names + ["base"]).to_csv("lgb.contrib", index=False)
PY
cat >groups.yaml <<'YAML'
PAY_0: {characteristic: delinquency, text: Delinquency in recent months, code: R01}
PAY_2: {characteristic: delinquency}
YAML
grep -q PAY_0 xgb.json || printf 'income: {characteristic: income, text: Income, code: R01}\n' >groups.yaml
for model in xgb.json lgb.txt; do
    name=${model%.*}
    vouch import "$model" --name "$name" --out "$name.vouch" --check rows.csv --expect "$name" --quiet
    vouch explain "$name.vouch" rows.csv --id id --rows 500 --method path --quiet --out "$name.path"
    vouch explain "$name.vouch" rows.csv --id id --rows 500 --quiet --out "$name.csv"
    vouch reasons "$name.vouch" rows.csv --id id --cutoff 0.3 --groups groups.yaml --quiet --out "$name.reasons"
    vouch reasons "$name.vouch" rows.csv --id id --cutoff 0.3 --reference near-cutoff --quiet --out "$name.near"
    vouch explain "$name.vouch" rows.csv --id id --rows 2000 --cutoff 0.3 --output html --quiet --out "$name.html"
    "$python" - "$name" <<'PY'
import sys
import pandas
name = sys.argv[1]
theirs, ours, exact = (pandas.read_csv(f"{name}.{end}") for end in ("contrib", "path", "csv"))
worst = max((theirs[c] - ours[c]).abs().max() for c in theirs.columns)
assert worst <= (1e-5 if name == "xgb" else 1e-12), f"{name}: contributions differ from the library's by {worst}"
assert exact["residual"].abs().max() <= 1e-9 and (exact["source_gap"].abs().max() > 0) == (name == "xgb")
reasons = pandas.read_csv(f"{name}.reasons")
assert (reasons["probability"] > 0.3).all() and (reasons["log_odds"].dropna() > 0).all() and reasons["rank"].max() == 4
assert (reasons.groupby("id")["log_odds"].apply(lambda v: v.is_monotonic_decreasing)).all()
print(f"{name}: contributions as the library's to {worst:.1e}, {reasons['id'].nunique()} declines with reasons")
PY
    chromium --headless --no-sandbox --disable-gpu --no-first-run --user-data-dir="$place/profile" --dump-dom "file://$place/$name.html" \
        2>/dev/null >"$name.dom"
    [ "$(grep -c '<svg' "$name.dom")" -ge 1 ] && grep -q 'this applicant' "$name.dom" || { echo "$name: no plots"; exit 1; }
    ! grep -qE '(src|href)="https?:' "$name.html" || { echo "$name: the page fetches something"; exit 1; }
done

cat >vouch.yaml <<'YAML'
project: brought
data: {source: rows.csv, id: id, target: {column: bad, bad: 1}, ignore: [xgb, lgb]}
split: {by: random, test: 0.3, tune: 0.2, seed: 1}
models:
  lgb: {import: lgb.txt}
  xgb: {import: xgb.json}
champion: {prefer: xgb, margin: 1}
decide: {cutoff: {max_bad_rate: 0.1}}
YAML
export VOUCH_PASSPHRASE=conformance
vouch init --key olga.pem --person Olga --quiet
for who in dana:developer victor:validator ada:approver service:service; do
    vouch key new "${who%:*}.pem" --quiet
    vouch key grant "${who%:*}.pem.pub" --person "${who%:*}" --role "${who#*:}" --key olga.pem --quiet
done
vouch run --key dana.pem --quiet >/dev/null || [ $? -eq 3 ]
vouch model sign xgb --key victor.pem --quiet
vouch model approve xgb --key ada.pem --quiet
mkfifo ready
vouch serve --key service.pem --port 0 --quiet >ready &
server=$!
read -r line <ready
"$python" - "${line#listening on }" <<'PY'
import json, sys, urllib.request
import pandas
rows = pandas.read_csv("rows.csv").iloc[:300]
names = [c for c in rows.columns if c not in ("id", "bad", "xgb", "lgb")]
body = json.dumps({"rows": [{n: None if row[n] != row[n] else row[n] for n in names} for row in rows.to_dict("records")]}).encode()
answer = json.load(urllib.request.urlopen(urllib.request.Request(sys.argv[1] + "/v1/decisions", body)))["decisions"]
assert all(d["raw"] == margin for d, margin in zip(answer, rows["xgb"])), "the server scores other bits"
declined = [d for d in answer if d["decision"] == "decline"]
assert declined and all(1 <= len(d["reasons"]) <= 4 for d in declined)
print(f"served: {len(answer)} decisions with XGBoost's own bits, {len(declined)} declines with reasons")
PY
kill -TERM $server
wait $server
server=
vouch verify >/dev/null
