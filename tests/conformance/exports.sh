#!/bin/sh
# A model's exports give its own points (a scorecard) or raw score (glm, gam, tree, rules, gbdt) in the systems
# they are for: PostgreSQL, DuckDB, Spark, a C compiler, two PMML evaluators, and a reader of the JSON form. On all 30,000 UCI
# accounts where they could be fetched, and on simulated loans, which have texts and missing values.
set -eu
root=$PWD
PATH=$root/build/release/bin:$PATH
venv=$root/.cache/venv-exports
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet pypmml==1.5.8 jpmml_evaluator==0.16.0 pyspark==3.5.3 duckdb==1.4.4 pandas==2.3.3
fi
place=$(mktemp -d)
chmod 755 "$place"
cluster=$place/cluster
as_postgres() { if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
stop() { as_postgres "$bin/pg_ctl" -D "$cluster" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$place"; }
bin=$(dirname "$(find /usr/lib/postgresql -name initdb | sort | tail -1)")
mkdir "$cluster" "$place/socket"
[ "$(id -u)" -ne 0 ] || chown postgres "$cluster" "$place/socket"
trap stop EXIT
as_postgres "$bin/initdb" -D "$cluster" -A trust -U vouch >/dev/null
as_postgres "$bin/pg_ctl" -D "$cluster" -o "-k $place/socket -c listen_addresses=''" -l "$cluster/log" -w start >/dev/null

ask() { # MODEL ROWS ID OUTPUT
    echo "$(basename "$1") $4"
    "$venv/bin/python" tests/conformance/exports.py "$1" "$2" "$3" "$place/socket" "$4" 2>"$place/log" || { tail -20 "$place/log"; exit 1; }
}
try() { # NAME PROJECT ROWS ID
    vouch run --project "$2" --out "$place/$1" --quiet >/dev/null || [ $? -eq 3 ]
    ask "$place/$1/models/scorecard.vouch" "$3" "$4" points
}
other() { # NAME ROWS ID MODEL: target and ignored columns are in $recipe
    printf '%s\nmodel: {%s}\n' "$recipe" "$4" >"$place/$1.yaml"
    vouch fit "$place/$1.yaml" "$2" --out "$place/$1.vouch" --quiet >/dev/null
    ask "$place/$1.vouch" "$2" "$3" raw
}
kinds() { # NAME ROWS ID LINE: a number's name, for a spline
    other "$1-tree" "$2" "$3" "kind: tree, leaves: 12"
    other "$1-rules" "$2" "$3" "kind: rules"
    other "$1-gam" "$2" "$3" "kind: gam, bags: 2, rounds: 200, max_bins: 32, pairs: 2, pair_bins: 12"
    other "$1-glm" "$2" "$3" "kind: glm, penalty: 0.001, splines: {$4: 5}"
    other "$1-gbdt" "$2" "$3" "kind: gbdt, trees: 20, leaves: 8"
}
vouch simulate credit --rows 20000 --seed 3 --out "$place/loans.csv" --quiet
cp examples/loans/vouch.yaml "$place/loans.yaml"
try loans-run "$place/loans.yaml" "$place/loans.csv" id
recipe='target: {column: defaulted, bad: 1}
ignore: [id, true_pd, application_date, service_calls_at, sex, ethnicity]'
kinds loans "$place/loans.csv" id income
if [ -f .cache/cards/cards.csv ]; then
    mkdir "$place/data" && cp .cache/cards/cards.csv "$place/data/" && cp examples/cards/vouch.yaml "$place/cards.yaml"
    try cards-run "$place/cards.yaml" "$place/data/cards.csv" ID
    recipe='target: {column: DEFAULT, bad: 1}
ignore: [ID]'
    kinds cards "$place/data/cards.csv" ID LIMIT_BAL
else
    echo "skipped: the UCI accounts are not here; ./dev demo fetches them"
fi
