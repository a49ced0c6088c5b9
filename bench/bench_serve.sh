#!/bin/sh
# Durable decisions per second through HTTP, with the median and the 99th percentile of a request's time; and what a
# decision with reasons costs inside the server. The imported model is trained by XGBoost, where it can be installed.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cc -std=c17 -O2 -D_GNU_SOURCE -Iinclude -Ibench bench/bench_serve.c -Lbuild/release -lvouch -lpthread -o "$place/bench"
mkdir "$place/service"
python=.cache/bench-venv/bin/python
[ -x $python ] || python3 -m venv .cache/bench-venv
if $python -c 'import xgboost' 2>/dev/null || $python -m pip install --quiet xgboost-cpu >&2; then
    build/release/bin/vouch simulate credit --rows 5000 --seed 1 --out "$place/loans.csv" --quiet
    $python bench/peers/serve_model.py "$place/loans.csv" "$place/service/xgb.json"
else
    echo "skipped: the imported model, for XGBoost could not be installed" >&2
fi
VOUCH_BENCH_DUCKDB=$PWD/.cache/duckdb/libduckdb.so LD_LIBRARY_PATH=build/release "$place/bench" "$place/service"
