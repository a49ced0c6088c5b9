#!/bin/sh
# Every command has help, and every example in it runs as it stands (a .parquet read as the .csv of the same name): help
# that is not true is worse than none.
. "$(dirname "$0")/support.sh"
mkdir -p examples/cards loans march
loans 1500 1
cp vouch.yaml examples/cards/ && cp loans.csv examples/cards/
sed -i '/^  boosted:/d' vouch.yaml && cp vouch.yaml examples/cards/vouch.yaml
people
for who in bob carol; do expect 0 vouch key new $who.pem --quiet; done
cp olga.pem owner.pem

# One set of loans under every name and column that the examples speak of.
python3 - <<'PY'
import csv
rows = list(csv.DictReader(open("loans.csv")))
def write(path, extra, n=None, drop=()):
    with open(path, "w", newline="") as file:
        out = None
        for i, r in enumerate(rows[:n]):
            row = {k: v for k, v in {**r, **extra(i, r)}.items() if k not in drop}
            out = out or csv.DictWriter(file, list(row), lineterminator="\n")
            if i == 0:
                out.writeheader()
            out.writerow(row)
def more(i, r):
    bad = int(r["defaulted"])
    pd = float(r["true_pd"])
    return {"bad": bad, "default": bad, "age": 20 + i * 7 % 50, "pd": pd, "score": pd, "new": pd, "limit": 1000 + i % 9 * 500,
            "old": min(0.99, pd * 0.8 + 0.02 * (i % 5)), "account": i // 10, "as_of": f"2023-{i % 10 + 1:02d}-01",
            "months_past_due": min(3, bad * (i % 5)), "dpd": 40 * bad * (i % 4), "name": f"n{i}"}
write("loans.csv", more)
write("new.csv", lambda i, r: {"ID": r["id"]}, 300, ("id",))
for name in ("book", "tune", "train", "scored", "january", "february", "march", "march/a", "loans/a"):
    write(name + ".csv", more)
write("book.csv", lambda i, r: {**more(i, r), "id": i // 10})
write("applicants.csv", lambda i, r: {"bad": r["defaulted"], "decision": "declined" if i % 4 == 0 else "approved"}, None, ("defaulted",))
write("rows.csv", lambda i, r: {}, 50)
write("policies.csv", lambda i, r: {"policy": i, "claims": r["defaulted"], "years": 0.5 + i % 3, "region": "R24" if i % 4 else "R11"},
      None, ("defaulted", "true_pd", "application_date", "postal_area"))
PY
cat >recipe.yaml <<'Y'
target: bad
inputs: [income, savings, debt_to_income, utilisation, delinquencies_2y, home_ownership, region]
model: {kind: scorecard}
Y
expect 0 vouch fit recipe.yaml loans.csv --out model.vouch --quiet
cat >recipe.yaml <<'Y'
target: {column: bad, bad: 1}
ignore: [id, true_pd, application_date]
rejects: {column: decision, accepted: approved}
model: {kind: scorecard}
Y
for name in champion sampled ttc; do cp model.vouch $name.vouch; done
python3 "$root/tests/cli/tiny_xgboost.py" >model.json
expect 0 vouch import model.json --out xgb.vouch --quiet
expect 0 vouch score xgb.vouch rows.csv --id id --output raw --quiet
cut -d, -f2 out | sed 's/raw/margin/' | paste -d, rows.csv - >checked.csv && mv checked.csv rows.csv
printf 'target: claims\nignore: [policy]\nmodel: {kind: glm, family: poisson, exposure: years, base: {region: R24}}\n' >frequency.yaml
printf 'target: defaulted\ninputs: [income, utilisation]\nmodel: {kind: gam, rounds: 20, bags: 1, pairs: 0}\n' >curves.yaml
expect 0 vouch fit curves.yaml january.csv --out curves.vouch --quiet
printf 'edits:\n- {input: income, action: clip, low: -1, from: 70, by: Ana Ruiz, why: too few cases}\n' >edits.yaml
printf "'*': free\nregion: fixed\n" >rules.yaml
printf 'income: {characteristic: income, text: Income insufficient}\n' >reasons.yaml
printf 'overrides:\n  - {column: income, splits: [40000], by: Carol, reason: round, on: 2026-03-14}\n' >decided.yaml
printf 'title: checks\ndata: scored.csv\ncolumns: {score: pd, label: default}\ntests: [validate.auc, validate.ece]\n' >checks.yaml
sed -i 's/federal-ecoa-2026/state-nj/' vouch.yaml
echo 'alternatives: {candidates: 2, seeds: 1}' >>vouch.yaml
expect 0 vouch sketch february.csv --without id,name --out february.sketch --quiet
expect 0 vouch sketch train.csv --without id,name --out train.sketch --quiet
code=0
vouch run --project examples/cards/vouch.yaml --key dana.pem --quiet >out || code=$?
[ "$code" -eq 0 ] || [ "$code" -eq 3 ] || fail "the run gave $code"

# The examples, in the order that what they need is there.
vouch help --markdown | sed -n 's/^### vouch //p' >commands
: >examples.txt
while read -r command; do
    # shellcheck disable=SC2086  # one word or two
    vouch $command --help >help || fail "no help of $command"
    grep -q '^Exit status:' help || fail "the help of $command is not whole"
    sed -n '/^Options/q; s/^  \(vouch .*\)/\1/p' help >>examples.txt
done <commands
sort -u examples.txt | grep -v -e '^vouch init ' -e '^vouch lda ' -e '^vouch simulate ' -e '^vouch serve ' \
    -e '^vouch model sign ' -e '^vouch model approve ' -e '^vouch model retire ' >ordered
for last in 'model sign' 'model approve' 'model retire' simulate; do grep "^vouch $last " examples.txt >>ordered; done # it makes another loans.csv
n=0
while read -r example; do
    code=0
    sh -c "$(echo "$example" | sed 's/\.parquet/.csv/g') --quiet" >out 2>err </dev/null || code=$?
    [ "$code" -eq 0 ] || [ "$code" -eq 3 ] || { cat err >&2; fail "exit status $code: $example"; }
    n=$((n + 1))
done <ordered
[ "$n" -ge 55 ] || fail "only $n examples"
expect 0 vouch lda --approve --project vouch.yaml --key ada.pem
expect 0 vouch lda --project vouch.yaml --key dana.pem --out lda --quiet
rm owner.pem
expect 0 vouch init --store fresh.db --key owner.pem --person "Olga Owner"
echo "$n examples"
