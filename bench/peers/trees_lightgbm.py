#!/usr/bin/env python3
"""Training time of gbdt beside LightGBM's: the same rows, the same trees, the two in turn, and the median of
the pairs' ratios. Prints TSV lines: name, ours, peer, unit, ratio, bar, ok/short."""
import os
import statistics
import subprocess
import sys
import tempfile
import time

import lightgbm
import numpy

COLS, TREES, PAIRS = 30, 100, 5
BENCH = sys.argv[1]
ROWS = int(sys.argv[2]) if len(sys.argv) > 2 else 500_000
THREADS = int(sys.argv[3]) if len(sys.argv) > 3 else os.cpu_count()


def auc(score, bad):
    order = numpy.argsort(score, kind="stable")
    _, first, count = numpy.unique(score[order], return_index=True, return_counts=True)
    rank = numpy.empty(len(score))
    rank[order] = numpy.repeat(first + (count + 1) / 2, count)
    n_bad = bad.sum()
    return (rank[bad > 0].sum() - n_bad * (n_bad + 1) / 2) / (n_bad * (len(bad) - n_bad))


def peer(x, y, extra):
    params = dict(objective="binary", learning_rate=0.1, num_leaves=31, max_depth=5, lambda_l2=1, max_bin=255,
                  min_sum_hessian_in_leaf=1, min_data_in_leaf=20, num_threads=THREADS, verbose=-1,
                  force_row_wise=True, **extra)
    start = time.perf_counter()
    model = lightgbm.train(params, lightgbm.Dataset(x[:ROWS], y[:ROWS], params=params), TREES)
    return time.perf_counter() - start, auc(model.predict(x[ROWS:], raw_score=True), y[ROWS:])


def main():
    total = ROWS + ROWS // 5
    with tempfile.TemporaryDirectory() as place:
        data, raw = f"{place}/data", f"{place}/raw"
        subprocess.run([BENCH, "make", data, str(total)], check=True)
        flat = numpy.fromfile(data, numpy.float32)
        x, y = flat[: total * COLS].reshape(total, COLS), flat[total * COLS:]
        for name, extra in (("float", {}), ("quantised", {"use_quantized_grad": True})):
            pairs = []
            for _ in range(PAIRS):
                out = subprocess.run([BENCH, "fit", data, str(total), str(ROWS), str(THREADS), str(TREES), raw],
                                     check=True, capture_output=True, text=True).stdout
                pairs.append((float(out), *peer(x, y, extra)))
            ours, theirs = (statistics.median(p[k] for p in pairs) for k in (0, 1))
            ratio = statistics.median(p[1] / p[0] for p in pairs)
            print(f"trees_fit_{name}", f"{ours:.3f}", f"{theirs:.3f}",
                  f"s ({ROWS} x {COLS}, {TREES} trees, {THREADS} threads, LightGBM {lightgbm.__version__})",
                  f"{ratio:.2f}", "1", "ok" if ratio >= 1 else "short", sep="\t", flush=True)
        # One pair: by chance alone the two differ by up to 0.004 on such data.
        mine, his = auc(numpy.fromfile(raw), y[ROWS:]), pairs[-1][2]
        print("trees_fit_auc", f"{mine:.5f}", f"{his:.5f}", "AUC on held-out rows", f"{mine / his:.4f}", "0.995",
              "ok" if mine / his >= 0.995 else "short", sep="\t")


main()
