#!/bin/sh
# The main job on 1,000,000 rows x 50 columns against peer_run.py, which does the same work with pandas, scikit-learn,
# LightGBM, shap and fairlearn, one after the other on the same file; and the portrait of 10,000,000 x 50. Seconds and
# peak memory. ROWS=100000 is a first try; PEER=0 leaves the peer out, which takes minutes.
set -eu
vouch=$PWD/build/release/bin/vouch
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
rows=${ROWS:-1000000}
python=.cache/bench-venv/bin/python
peer=${PEER:-1}
[ -x $python ] || python3 -m venv .cache/bench-venv
$python -c 'import fairlearn, lightgbm, pandas, pyarrow, shap, sklearn' 2>/dev/null ||
    $python -m pip install --quiet fairlearn lightgbm pandas pyarrow scikit-learn shap >&2 || peer=0

columns=$(python3 -c '
u = lambda k: f"(hash(i * 64 + {k}) % 1000000) / 1e6"
print(", ".join(f"{u(k)} AS x{k:02d}" for k in range(1, 50)))')
from() { echo "FROM (SELECT range AS i FROM range($1))"; }
$python bench/peer_run.py make "$rows" "$place/rows.parquet"
cat >"$place/vouch.yaml" <<'YAML'
project: bench
data: {source: rows.parquet, id: id, target: {column: bad, bad: 1}, protected: [sex]}
split: {by: random, test: 0.3, tune: 0.2, seed: 1}
models:
  scorecard: {kind: scorecard}
  gbdt: {kind: gbdt, trees: 200, leaves: 31}
decide: {cutoff: {max_bad_rate: 0.05}}
YAML

measured() { # NAME PEER-SECONDS BAR-MIB COMMAND...: a line for time and one for peak memory
    python3 - "$@" <<'PY'
import os, resource, subprocess, sys, time
name, peer, bar, command = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4:]
start = time.time()
code = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
seconds = time.time() - start
assert code in (0, 3), code
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{name}: {used.ru_utime + used.ru_stime:.1f} s of processor", file=sys.stderr)
if peer:
    print(name, f"{seconds:.1f}", f"{peer:.1f}", "s", f"{peer / seconds:.2f}", f"{peer / 4:.1f}",
          "ok" if seconds <= peer / 4 else "short", sep="\t")
else:
    print(name, f"{seconds:.1f}", "-", "s", "-", "-", "ok", sep="\t")
peak = used.ru_maxrss / 1024
print(name + "_memory", f"{peak:.0f}", "-", "MiB", "-", f"{bar:.0f}", "ok" if peak <= bar else "short", sep="\t")
PY
}

seconds=0
if [ "$peer" = 1 ]; then
    $python bench/peer_run.py run "$place/rows.parquet" "$place/peer" >"$place/seconds" 2>"$place/peer.log" ||
        { cat "$place/peer.log" >&2; exit 1; }
    grep -E '^[a-z, -]+ +[0-9.]+ s$' "$place/peer.log" >&2 || :
    seconds=$(cat "$place/seconds")
fi
measured run_1m_x_50 "$seconds" 2048 "$vouch" run --project "$place/vouch.yaml" --out "$place/out" --quiet
measured profile_10m_x_50 0 1024 "$vouch" profile "SELECT i AS id, $columns $(from 10000000)" --id id --quiet
