#!/bin/sh
# Training time of gbdt against LightGBM on 500,000 x 30, from table to model, binning included.
set -eu
cmake --build build/release --target bench_trees >/dev/null
if [ ! -x .cache/bench-venv/bin/python ]; then
    python3 -m venv .cache/bench-venv
fi
.cache/bench-venv/bin/python -c 'import lightgbm, numpy' 2>/dev/null ||
    .cache/bench-venv/bin/python -m pip install --quiet lightgbm numpy scipy
.cache/bench-venv/bin/python bench/peers/trees_lightgbm.py build/release/bin/bench_trees "${ROWS:-500000}"
