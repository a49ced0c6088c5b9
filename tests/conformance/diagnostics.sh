#!/bin/sh
# Diagnostics and explanation methods against scikit-learn, alibi and DiCE, on an XGBoost model that vouch has imported with the
# same scores: partial dependence, individual curves, permutation importance, k-means, accumulated local effects, counterfactuals.
# docs/diagnostics.md lists what differs on purpose. Packages come from the registry into .cache.
set -eu
root=$PWD
PATH=$root/build/release/bin:$PATH
command -v vouch >/dev/null || { echo "skipped: no build/release/bin/vouch"; exit 0; }
python=$root/.cache/venv-diagnostics/bin/python
if [ ! -x "$python" ]; then
    python3 -m venv "$root/.cache/venv-diagnostics"
    "$python" -m pip install --quiet numpy==2.2.6 pandas scikit-learn==1.7.2 xgboost-cpu dice-ml==0.12 alibi==0.5.5 >&2
fi
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
vouch simulate credit --rows 4000 --seed 3 --out loans.csv --quiet
"$python" "$root/tests/conformance/diagnostics.py" fit
vouch import model.json --name xgb --out model.vouch --quiet
vouch test run explain.pdp explain.ice explain.ale explain.permutation diagnose.worst_cluster --model model.vouch --data cases.csv --label bad \
    --set explain.pdp.rows=2000 --set explain.ice.rows=2000 --set explain.permutation.repeats=20 --set diagnose.worst_cluster.clusters=6 \
    --json --quiet >told.json || [ $? -eq 3 ]
printf 'history_months: up\nincome: up\nsavings: up\nutilisation: {move: down}\nloan_amount: down\ndebt_to_income: down\n"*": fixed\n' >rules.yaml
vouch counterfactual model.vouch declined.csv --id id --cutoff 0.15 --rules rules.yaml --population cases.csv --output json --quiet >answers.json
"$python" "$root/tests/conformance/diagnostics.py" compare 2>told.err || { tail -3 told.err; exit 1; }
