#!/bin/sh
# The search for alternatives: refused where the law or people have not allowed it, the same whatever the threads, carried
# on where it was stopped, and able to find what a planted stand-in leaves to find.
. "$(dirname "$0")/support.sh"
loans 8000 1 proxy
sed -i 's/max_bad_rate: 0.06/max_bad_rate: 0.04/; s/trees: 400/trees: 60/' vouch.yaml
people
expect 3 vouch lda --quiet
says "the legal profile 'federal-ecoa-2026' blocks fairness.alternatives"
sed 's/^legal:.*//' vouch.yaml >none.yaml
expect 3 vouch lda --project none.yaml --quiet
says "needs a legal profile that allows it"
sed -i 's/federal-ecoa-2026/state-nj/' vouch.yaml
expect 3 vouch lda --quiet
says "no approver has approved it"
expect 1 vouch lda --approve --key dana.pem --quiet
says "has no grant of role approver in force"
expect 2 vouch lda --approve
with() { # LINE: the project with these rules, approved where it may be
    cp vouch.yaml with.yaml
    echo "alternatives: $1" >>with.yaml
    vouch lda --approve --project with.yaml --key ada.pem --quiet >approval 2>&1 || true
}
with '{mitigate: [group-cutoffs]}'
expect 3 vouch lda --project with.yaml --quiet
says "a cut-off of its own for a protected group is refused: the legal profile 'state-nj' blocks fairness.group_cutoffs"
[ ! -e lda ] || fail "something was left behind"
with '{mitigate: [prayer]}'
expect 1 vouch lda --project with.yaml --quiet
says "knows reweigh and group-cutoffs"
with '{margin: 0.01, candidate: 3}'
expect 1 vouch lda --project with.yaml --quiet
says "did you mean 'candidates'"
with '{groups: [income]}'
expect 1 vouch lda --project with.yaml --quiet
says "columns of data.protected"
with '{model: boosted, vary: {leafs: [3]}}'
expect 3 vouch lda --project with.yaml --model scorecard --quiet
says "before the project, the model or a legal profile was changed"
expect 1 vouch lda --project with.yaml --quiet
says "'leafs' is no parameter of kind gbdt"
with '{performance: profit}'
expect 1 vouch lda --project with.yaml --quiet
says "profit needs gain"

with '{model: boosted, groups: [ethnicity], margin: 0.05, candidates: 7, seeds: 1, drop: 3, mitigate: [reweigh]}'
expect 0 vouch lda --project with.yaml --out one --quiet --threads 1
prints "is chosen"
expect 0 vouch lda --project with.yaml --out two --quiet --threads 2
cmp one/evidence.json two/evidence.json || fail "threads change the search"
cmp one/alternative.vouch two/alternative.vouch || fail "threads change the model"
ls one/candidates/*.json | head -n 3 | xargs rm # names are digests of the build too, so a pattern may take all
kept=$(find one/candidates -type f | wc -l)
expect 0 vouch lda --project with.yaml --out one --quiet
prints "$kept candidates were kept from before"
cmp one/evidence.json two/evidence.json || fail "a search that is carried on is another one"
python3 - <<'PY'
import json
entries = [e for e in json.load(open("one/evidence.json"))["entries"]]
of = {(e["id"], e.get("part")): e for e in entries}
search, held = of["fairness.alternatives", "tune"], of["fairness.alternatives", "test"]
rows = search["tables"]["candidates"]["rows"]
assert len(rows) == 8, len(rows)
assert all(r[-1] for r in rows)
chosen = [r for r in rows if r[-1] == "chosen"]
assert len(chosen) == 1 and "postal_area" in chosen[0][2] or "reweighed" in chosen[0][2], chosen
assert search["tables"]["gap_by_input"]["rows"][0][0] == "postal_area"
assert search["verdict"] == "advisory"
assert held["interval"]["low"] < held["value"] < held["interval"]["high"]
assert any(e["id"] == "fairness.mitigation" for e in entries)
for e in entries:
    if e["id"] == "fairness.prohibited":
        assert e["verdict"] == "pass"
PY
vouch score one/alternative.vouch loans.csv --quiet >out || fail "the alternative does not score"

with '{measure: smd, performance: profit, gain: 1, loss: 8, shares: [0.5, 0.8], candidates: 3, vary: {l2: [0, 10]}}'
grep -q "approved  ledger entry" approval || fail "nothing was approved: $(cat approval)"
expect 1 vouch lda --project with.yaml --key victor.pem --out money --quiet
says "has no grant of role developer"
cp with.yaml as-approved.yaml
echo "# a limit was moved" >>with.yaml
expect 3 vouch lda --project with.yaml --key dana.pem --out money --quiet
says "before the project, the model or a legal profile was changed"
mv as-approved.yaml with.yaml
vouch key grant ada.pem.pub --person ada --role developer --key olga.pem --quiet
expect 3 vouch lda --project with.yaml --key ada.pem --out money --quiet
says "persons are compared, not keys"
expect 0 vouch lda --project with.yaml --out money --key dana.pem --quiet
prints "ledger    entry"
grep -q '"approved by","ada (key ' money/evidence.json || fail "the approver is not in the evidence"
vouch key grant ada.pem.pub --person ada --role approver --until 2000-01-01 --key olga.pem --quiet
expect 1 vouch lda --project with.yaml --key dana.pem --out money --quiet
says "ada (key "
says "has no grant of role approver in force"

# A recorded run takes binning decisions from keys of the ring only.
printf 'overrides:\n  - {column: income, splits: [20000], by: Carol, reason: round sums, on: 2026-03-14}\n' >decided.yaml
sed 's/scorecard: {kind: scorecard,/scorecard: {kind: scorecard, overrides: decided.yaml,/' vouch.yaml >bins.yaml
vouch key new carol.pem --quiet
expect 0 vouch sign decided.yaml --key carol.pem --person "Credit committee" --on 2026-03-14
expect 1 vouch run --project bins.yaml --key dana.pem --quiet
says "bins.yaml: models.scorecard: the signature on"
says "has no grant in the store"
[ ! -e result ] || fail "a refused run left something behind"
expect 1 vouch run --project bins.yaml --key victor.pem --quiet
says "has no grant of role developer in force"
[ ! -e result ] || fail "a run that can't be recorded was run"
expect 0 vouch verify --quiet
echo done
