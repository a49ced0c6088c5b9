#!/bin/sh
# Optimal monotone binning of 100 columns of 1,000,000 rows: `vouch bin` against optbinning 0.21. The peer is timed on four of the
# same columns, one process a core, and its seconds are taken times 25: both are linear in columns.
set -eu
cmake --build build/release --target bench_bins >/dev/null
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
venv=.cache/venv-binning
[ -x $venv/bin/python ] || { python3 -m venv $venv && $venv/bin/pip install --quiet optbinning==0.21.0; } >&2 || :
build/release/bin/bench_bins "$place/sample" >/dev/null
$venv/bin/python - "$place/sample" >"$place/peers" <<'PY' || : >"$place/peers"
import sys, time, warnings
from concurrent.futures import ProcessPoolExecutor
import numpy as np
from optbinning import OptimalBinning

warnings.filterwarnings("ignore")
blocks = np.fromfile(sys.argv[1]).reshape(-1, 5, 10000)
y = blocks[:, 0].ravel().astype(int)
x = [blocks[:, j].ravel() for j in range(1, 5)]


def fit(j):
    OptimalBinning(dtype="numerical", solver="cp", monotonic_trend="auto_asc_desc", max_n_bins=8, min_bin_size=0.05,
                   min_bin_n_event=5, min_bin_n_nonevent=5).fit(x[j], y)


if __name__ == "__main__":
    with ProcessPoolExecutor(2) as pool:
        begun = time.perf_counter()
        list(pool.map(fit, range(4)))
        print("optbinning", 25 * (time.perf_counter() - begun))
PY
build/release/bin/bench_bins "$place/sample" "$place/peers"
