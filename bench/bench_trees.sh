#!/bin/sh
# Training time, memory and ranking of gbdt against LightGBM 4.7 through its C interface: workloads A (500,000 x 30),
# B (100,000 x 300) and C (2,000,000 x 50) in back-to-back pairs. WORKLOADS, PAIRS, SEEDS and THREADS change the run.
set -eu
venv=.cache/bench-venv
cmake --build build/release --target bench_trees >/dev/null
[ -x $venv/bin/python ] || python3 -m venv $venv
$venv/bin/python -c 'import lightgbm' 2>/dev/null || $venv/bin/python -m pip install --quiet lightgbm==4.7.0 numpy scipy
lightgbm=$($venv/bin/python -c 'import lightgbm, pathlib; print(pathlib.Path(lightgbm.__file__).parent / "lib/lib_lightgbm.so")')
build/release/bin/bench_trees "$lightgbm" "${WORKLOADS:-ABC}" "${PAIRS:-5}" "${SEEDS:-5}" "${THREADS:-2}"
