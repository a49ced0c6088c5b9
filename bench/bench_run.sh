#!/bin/sh
# The main job on 1,000,000 rows x 50 columns, and the portrait of 10,000,000 x 50: seconds and peak memory. The rows are made by
# DuckDB from hashes, so that nothing has to be fetched. No peer does the same job; the bars are on memory.
set -eu
vouch=$PWD/build/release/bin/vouch
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

measured() { # NAME BAR-MIB COMMAND...: a line for time and one for peak memory
    python3 - "$@" <<'PY'
import os, resource, subprocess, sys, time
name, bar, command = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
start = time.time()
code = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
seconds = time.time() - start
assert code in (0, 3), code
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(name, f"{seconds:.1f}", "-", "s", "-", "-", "ok", sep="\t")
print(name + "_memory", f"{peak:.0f}", "-", "MiB", "-", f"{bar:.0f}", "ok" if peak <= bar else "short", sep="\t")
PY
}

columns=$(python3 -c '
u = lambda k: f"(hash(i * 64 + {k}) % 1000000) / 1e6"
print(", ".join(f"{u(k)} AS x{k:02d}" for k in range(1, 50)))')
from() { echo "FROM (SELECT range AS i FROM range($1))"; }
bad="CASE WHEN (hash(i * 64) % 1000000) / 1e6 < 1 / (1 + exp(5 - 2.5 * x01 - 2 * x02 * x03 - x04)) THEN 1 ELSE 0 END AS bad"
cat >"$place/vouch.yaml" <<YAML
project: bench
data:
  source: "SELECT *, $bad FROM (SELECT i, i AS id, $columns $(from 1000000))"
  id: id
  target: {column: bad, bad: 1}
  ignore: [i]
split: {by: random, test: 0.3, tune: 0.2, seed: 1}
models:
  scorecard: {kind: scorecard}
  gbdt: {kind: gbdt, trees: 200, leaves: 31}
decide: {cutoff: {max_bad_rate: 0.05}}
YAML
measured run_1m_x_50 2048 "$vouch" run --project "$place/vouch.yaml" --out "$place/out" --quiet
measured profile_10m_x_50 1024 "$vouch" profile "SELECT i AS id, $columns $(from 10000000)" --id id --quiet
