#!/bin/sh
# Whole suites on files, as the program is used, against the same tests by Python's packages on data in memory
# (bench/peers/suite_peers.py says what they do; reading is counted for ours only): drift of every column on 300,000 x 200,
# and the classifier suite on 1,000,000 x 100 with a reference as large, in under 2 GiB. The fastest of three. Peers take too
# long to be measured whole each time: the row's name says from what their time is extrapolated (VOUCH_BENCH_WHOLE=1: from nothing).
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python=.cache/venv-suite/bin/python
if ! "$python" -c 'import evidently, fairlearn' 2>/dev/null; then
    python3 -m venv .cache/venv-suite >&2
    "$python" -m pip -q install evidently==0.7.23 fairlearn==0.15.0 scikit-learn==1.9.1 'pandas<3' pyarrow >&2
fi
"$python" bench/peers/suite_peers.py "$place" >&2
cmake --build build/release --target cli >/dev/null
bin=build/release/bin/vouch

measure() { # NAME PEER BAR COMMAND...
    name=$1 peer=$2 bar=$3
    shift 3
    "$python" - "$name" "$place/peers" "$peer" "$bar" "$@" <<'PY'
import os, resource, subprocess, sys, time
name, peers, peer, bar, *command = sys.argv[1:]
seconds, how = next(line.split("\t")[1:] for line in open(peers).read().splitlines() if line.split("\t")[0] == peer)
other = float(seconds)
best = 1e300
for _ in range(3):
    begun = time.perf_counter()
    code = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
    best = min(best, time.perf_counter() - begun)
    assert code in (0, 3), code
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
ratio = other / best
print(f"{name} ({how})" if how else name, f"{best:.3f}", f"{other:.1f}", "s", f"{ratio:.1f}", bar, "ok" if ratio >= float(bar) else "short", sep="\t")
print(f"{name}_memory", f"{peak:.2f}", "-", "GiB", "-", "2", "ok" if peak < 2 else "short", sep="\t")
PY
}
measure suite_drift_300k_x_200 drift 50 "$bin" test run drift.psi drift.ks drift.jensen_shannon drift.wasserstein \
    --data "$place/now.parquet" --reference "$place/before.parquet" --quiet
measure suite_drift_sketches_300k_x_200 drift 50 "$bin" drift --current "$place/now.parquet" \
    --reference "$place/before.parquet" --quiet
measure suite_classifier_1m_x_100 classifier 20 "$bin" test run --suite classifier --data "$place/test.parquet" \
    --reference "$place/train.parquet" --score pd --label y --group group --quiet
