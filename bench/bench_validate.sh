#!/bin/sh
# AUC with DeLong's variance on a million rows, against scikit-learn's roc_auc_score, DeLong by midranks in numpy and
# scipy, and scipy's ks_2samp; 1,000 resamples of AUC, KS and AIR against drawing rows in numpy for roc_curve (five are
# measured, times 200). The peers are measured in the same run, where they can be installed.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python=.cache/venv-bench/bin/python
if ! "$python" -c 'import sklearn, scipy' 2>/dev/null; then
    { python3 -m venv .cache/venv-bench && "$python" -m pip -q install numpy scipy scikit-learn; } >&2 || python=
fi
[ -z "$python" ] || "$python" - >"$place/peers" <<'PY' || : >"$place/peers"
import time
import numpy as np
from scipy.stats import ks_2samp, rankdata
from sklearn.metrics import auc, roc_auc_score, roc_curve

rng, n = np.random.default_rng(7), 1_000_000
bad = (rng.uniform(size=n) < 0.08).astype(int)
spread = rng.uniform(size=(3, n)).sum(axis=0) - 1.5
score, other = spread + 0.4 * bad, spread + 0.3 * bad + 0.5 * rng.uniform(size=n)


def placements(score, bad):
    x, y = score[bad == 1], score[bad == 0]
    rank = rankdata(np.concatenate([x, y]))
    return (rank[: len(x)] - rankdata(x)) / len(y), 1 - (rank[len(x):] - rankdata(y)) / len(x)


def delong(score, bad):
    v10, v01 = placements(score, bad)
    return v10.mean(), v10.var(ddof=1) / len(v10) + v01.var(ddof=1) / len(v01)


def paired(a, b, bad):
    (a10, a01), (b10, b01) = placements(a, bad), placements(b, bad)
    return (a10 - b10).mean() / np.sqrt((a10 - b10).var(ddof=1) / len(a10) + (a01 - b01).var(ddof=1) / len(a01))


def fastest(name, f, runs=3):
    best = 1e300
    for _ in range(runs):
        begun = time.perf_counter()
        f()
        best = min(best, time.perf_counter() - begun)
    print(name, best, sep="\t", flush=True)


fastest("auc", lambda: roc_auc_score(bad, score))
fastest("delong", lambda: delong(score, bad))
fastest("paired", lambda: paired(score, other, bad))
fastest("ks", lambda: ks_2samp(score[bad == 1], score[bad == 0], method="asymp"))
group, favourable = rng.uniform(size=n) < 0.2, score < 0.5


def resample():
    row = rng.integers(0, n, n)
    fpr, tpr, _ = roc_curve(bad[row], score[row])
    protected, good_news = group[row], favourable[row]
    return auc(fpr, tpr), (tpr - fpr).max(), good_news[protected].mean() / good_news[~protected].mean()


begun = time.perf_counter()
for _ in range(5):
    resample()
print("bootstrap", 200 * (time.perf_counter() - begun), sep="\t", flush=True)
points = np.floor(20 * score)
fastest("delong_points", lambda: delong(points, bad))
PY
cmake --build build/release --target bench_validate >/dev/null
build/release/bin/bench_validate "$place/peers"
