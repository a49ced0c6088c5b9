#!/bin/sh
# A scorecard's exports give its own points in the systems they are for: PostgreSQL, DuckDB, Spark, a C compiler, two PMML
# evaluators, and a reader of the JSON form. On all 30,000 UCI accounts where they could be fetched, and on simulated loans,
# which have texts and missing values.
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

try() { # NAME PROJECT ROWS ID
    vouch run --project "$2" --out "$place/$1" --quiet >/dev/null || [ $? -eq 3 ]
    "$venv/bin/python" tests/conformance/exports.py "$place/$1/models/scorecard.vouch" "$3" "$4" "$place/socket" 2>"$place/log" || { tail -20 "$place/log"; exit 1; }
}
vouch simulate credit --rows 20000 --seed 3 --out "$place/loans.csv" --quiet
cp examples/loans/vouch.yaml "$place/loans.yaml"
try loans-run "$place/loans.yaml" "$place/loans.csv" id
if [ -f .cache/cards/cards.csv ]; then
    mkdir "$place/data" && cp .cache/cards/cards.csv "$place/data/" && cp examples/cards/vouch.yaml "$place/cards.yaml"
    try cards-run "$place/cards.yaml" "$place/data/cards.csv" ID
else
    echo "skipped: the UCI accounts are not here; ./dev demo fetches them"
fi
