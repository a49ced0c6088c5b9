#!/bin/sh
# Exact Shapley values of XGBoost and LightGBM models, one row and many, by cover and against a background, beside what
# those libraries, shap and woodelf-explainer take. Models and libraries are those of bench_engine.sh, which comes first.
set -eu
venv=.cache/bench-shap-venv
place=.cache/bench-engine
skip() {
    echo "skipped: bench_shap: $1" >&2
    exit 0
}
[ "$(uname -m)" = x86_64 ] || skip "the peers' wheels are for x86-64"
[ -f $place/X30.json ] && [ -f $place/xgboost/lib/libxgboost.so ] || skip "bench/bench_engine.sh makes the models"
cmake --build build/release --target bench_shap >/dev/null
[ -x $venv/bin/python ] || python3 -m venv $venv
$venv/bin/python -c 'import lightgbm, shap, woodelf, xgboost' 2>/dev/null ||
    $venv/bin/python -m pip install --quiet --disable-pip-version-check lightgbm==4.7.0 numpy==2.4.6 shap==0.51.0 \
        woodelf-explainer==0.4.8 xgboost==3.2.0 || skip "the peers could not be fetched"
lightgbm=$($venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/lightgbm/lib/lib_lightgbm.so
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $venv/bin/python bench/peers/shap_peers.py $place >$place/shap_peers.tsv
build/release/bin/bench_shap $place $place/xgboost/lib/libxgboost.so "$lightgbm" $place/shap_peers.tsv
