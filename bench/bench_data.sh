#!/bin/sh
# Reading and profiling 1,000,000 rows x 50 columns, against pandas reading the same files and DuckDB's SUMMARIZE. The
# peers are measured in the same run, where they can be installed; the files are made by DuckDB from hashes.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python=.cache/venv-bench-data/bin/python
if ! "$python" -c 'import duckdb, pandas, pyarrow' 2>/dev/null; then
    { python3 -m venv .cache/venv-bench-data && "$python" -m pip -q install duckdb==1.4.4 pandas pyarrow; } >&2
fi
"$python" - "$place" >"$place/peers" <<'PY'
import sys, time
import duckdb
import pandas

place, n = sys.argv[1], 1_000_000


def column(j):
    u = f"(hash(i * 64 + {j}) % 1000000) / 1e6"
    return [f"{u} AS r{j}", f"CAST(1000 * {u} AS INTEGER) AS i{j}",
            f"CASE WHEN {u} < 0.1 THEN NULL ELSE round(100000 * {u}, 2) END AS m{j}",
            f"'kind ' || CAST(20 * {u} AS INTEGER) AS t{j}", f"CAST(10 * {u} AS INTEGER) AS s{j}"][j % 5]


rows = f"SELECT i AS id, {', '.join(column(j) for j in range(49))} FROM range({n}) t(i)"
parquet, csv = f"{place}/a.parquet", f"{place}/a.csv"
duckdb.sql(f"COPY ({rows}) TO '{parquet}' (FORMAT parquet)")
duckdb.sql(f"COPY ({rows}) TO '{csv}' (FORMAT csv, HEADER)")


def fastest(name, f, runs=3):
    best = 1e300
    for _ in range(runs):
        begun = time.perf_counter()
        f()
        best = min(best, time.perf_counter() - begun)
    print(name, best, sep="\t", flush=True)


fastest("read_parquet", lambda: pandas.read_parquet(parquet))
fastest("read_csv", lambda: pandas.read_csv(csv), 1)
fastest("profile", lambda: duckdb.sql(f"SUMMARIZE SELECT * FROM '{parquet}'").fetchall())
PY
cc -std=c17 -O2 -D_GNU_SOURCE -Iinclude -Ibench bench/bench_data.c -Lbuild/release -lvouch -lm -o "$place/bench"
LD_LIBRARY_PATH=build/release "$place/bench" "$PWD/.cache/duckdb/libduckdb.so" "$place/a.parquet" "$place/a.csv" "$place/peers"
