#!/bin/sh
# One model from a recipe: fitted, told and saved; what is wrong with a recipe or its data is said in one line, with its
# place, and leaves nothing behind.
. "$(dirname "$0")/support.sh"
vouch simulate credit --rows 1500 --seed 3 --out loans.csv --quiet
cat >good.yaml <<'YAML'
target: {column: defaulted, bad: 1}
inputs: [utilisation, debt_to_income, home_ownership, history_months]
model:
  kind: glm
  base: {home_ownership: rent}
  splines: {history_months: 3}
YAML
expect 0 vouch fit good.yaml loans.csv --out good.vouch --quiet
for word in "glm (glm)" "home_ownership = own" "utilisation" "log_likelihood"; do prints "$word"; done
! grep -Eq '[0-9]\.[0-9]{9}' out || fail "digits that nobody reads"
expect 0 vouch score good.vouch loans.csv --quiet
[ "$(wc -l <out)" -eq 1501 ] || fail "not a line a row"
expect 0 vouch score good.vouch loans.csv --json --quiet
python3 -c 'import json; r = json.load(open("out")); assert len(r) == 1500 and set(r[7]) == {"id", "probability"}' ||
    fail "score --json is no list of rows"
expect 0 vouch fit good.yaml loans.csv --out again.vouch --threads 2 --quiet
cmp good.vouch again.vouch || fail "the same recipe gave another model"
expect 0 vouch fit good.yaml loans.csv --json --quiet
prints '"relativities"'
python3 -c 'import json; json.load(open("out"))' || fail "--json is not JSON"

bad() { # SED-SCRIPT WORDS...: the recipe changed so gives status 1 and a line with each word
    sed "$1" good.yaml >bad.yaml
    cmp -s bad.yaml good.yaml && fail "the script '$1' changes nothing"
    shift
    expect 1 vouch fit bad.yaml loans.csv --out none.vouch --quiet
    for word in "$@"; do says "$word"; done
    [ ! -e none.vouch ] || fail "a model was left behind"
}
bad 's/^target:/tarket:/' "bad.yaml:1:1:" tarket target
bad 's/kind: glm/kind: gml/' "bad.yaml:4:3:" glm
bad 's/kind: glm/kind: glm\n  famly: poisson/' bad.yaml famly family
bad 's/kind: glm/kind: glm\n  family: poison/' "line 5, column 11" family
bad 's/column: defaulted/column: defaulded/' "bad.yaml:1:" defaulded
bad 's/\[utilisation,/[utilization,/' "bad.yaml:2:10:" utilization
bad 's/bad: 1/bad: 7/' "both classes"
bad 's/column: defaulted, bad: 1/column: purpose/' "bad.yaml:1:1:" "'bad'"
bad 's/home_ownership: rent/home_ownership: castle/' base.home_ownership
bad 's/base: .*/base: 7/' "bad.yaml: model: line 5, column 9" base
bad 's/splines: .*/splines: {history_months: [3, 2, 1]}/' "bad.yaml: model: line 6, column 33" knots
bad 's/splines: .*/splines: {home_ownership: 3}/' "line 6, column 29" category
bad 's/splines: .*/splines: {nothing: 3}/' "line 6, column 22" nothing
bad 's/splines: .*/exposure: home_ownership/' "line 6, column 13" exposure
printf 'target: [1\n' >broken.yaml
expect 1 vouch fit broken.yaml loans.csv --quiet
says "broken.yaml"
expect 1 vouch fit nowhere.yaml loans.csv --quiet
says nowhere.yaml
expect 1 vouch fit good.yaml nowhere.csv --quiet
says nowhere.csv
expect 2 vouch fit good.yaml
sed 's/^[^,]*,/x,/; s/utilisation/used/' loans.csv >less.csv # a column the recipe needs is not there
expect 1 vouch fit good.yaml less.csv --quiet
says "good.yaml:2:10:"
says utilisation
cut -d, -f1-12 loans.csv >fewer.csv
expect 1 vouch score good.vouch fewer.csv --quiet
says "'"
# What is said of single inputs is done by the kinds that can, and what cannot be meant is refused.
cat >good.yaml <<'YAML'
target: {column: defaulted, bad: 1}
inputs: [income, savings, utilisation, debt_to_income]
model:
  kind: gbdt
  trees: 20
YAML
{ cat good.yaml; echo '  interactions: [[income, savings]]'; } >apart.yaml
{ cat good.yaml; echo '  monotone: {savings: down}'; } >down.yaml
for recipe in good apart down; do
    expect 0 vouch fit $recipe.yaml loans.csv --out $recipe.vouch --quiet
    vouch score $recipe.vouch loans.csv --quiet >$recipe.csv
done
cmp -s good.csv apart.csv && fail "interactions change nothing"
cmp -s good.csv down.csv && fail "a direction changes nothing"
bad 's/trees: .*/monotone: {savings: sideways}/' "bad.yaml:5:23:" "up or down"
bad 's/trees: .*/monotone: {true_pd: up}/' "bad.yaml:5:" true_pd
bad 's/trees: .*/monotone: auto/' "bad.yaml:5:" mapping
bad 's/trees: .*/interactions: [[income, age]]/' "bad.yaml:5:" age
bad 's/column: defaulted, bad: 1/column: purpose, bad: 1/' "bad.yaml:1:" "must be a text"
bad 's/column: defaulted, bad: 1/column: purpose, bad: yacht/' "bad.yaml:1:" "no row"
# Stopped in the middle of growing: the trees so far are kept, and growing on from them ends as if it had not been.
sed 's/trees: .*/trees: 100000/' good.yaml >long.yaml
vouch fit long.yaml loans.csv --out long.vouch --checkpoint far.vouch --every 20 --quiet 2>stopped &
fit=$!
tries=0
until [ -e far.vouch ] || [ "$tries" -eq 600 ]; do tries=$((tries + 1)) && sleep 0.05; done
kill -INT "$fit"
code=0
wait "$fit" || code=$?
[ "$code" -eq 1 ] || fail "a stopped fit ends with status $code"
grep -q "which are kept" stopped || { cat stopped >&2; fail "a stopped fit does not say what it kept"; }
[ ! -e long.vouch ] || fail "a stopped fit left a model"
n=$(sed 's/.*after \([0-9]*\) trees.*/\1/' stopped)
sed "s/trees: .*/trees: $((n + 7))/" good.yaml >on.yaml
sed "s/trees: .*/trees: $((n - 1))/" good.yaml >short.yaml
expect 0 vouch fit on.yaml loans.csv --out on.vouch --resume far.vouch --checkpoint far.vouch --quiet
expect 0 vouch fit on.yaml loans.csv --out whole.vouch --quiet
cmp on.vouch whole.vouch || fail "going on after $n trees gave another model"
expect 1 vouch fit short.yaml loans.csv --resume whole.vouch --quiet
says "$((n + 7)) trees already"
expect 1 vouch fit on.yaml loans.csv --resume nowhere.vouch --quiet
says nowhere.vouch
expect 2 vouch fit on.yaml loans.csv --checkpoint far.vouch --every often
sed 's/kind: gbdt/kind: scorecard/; /trees/d' good.yaml >card.yaml
expect 1 vouch fit card.yaml loans.csv --checkpoint card.vouch --quiet
says "no checkpoints"
expect 1 vouch fit card.yaml loans.csv --resume whole.vouch --quiet
says "resume"
# Kinds that can be read are told in words.
printf 'target: {column: defaulted, bad: 1}\ninputs: [savings, utilisation]\nmodel: {kind: tree, leaves: 3}\n' >tree.yaml
expect 0 vouch fit tree.yaml loans.csv --quiet
for word in "leaves" "Risk" "utilisation <=" "or missing)"; do prints "$word"; done
sed 's/kind: .*}/kind: rules}/' tree.yaml >rules.yaml
expect 0 vouch fit rules.yaml loans.csv --quiet
for word in "objective" "Rule" "  if " "  else "; do prints "$word"; done
echo "a recipe makes one model, and every refusal says where"
