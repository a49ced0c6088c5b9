#!/bin/sh
# Scoring XGBoost and LightGBM models: one row and many, against those libraries' C interfaces and against the models
# compiled as nested ifs. The libraries come from the registry's wheels; models are trained with them, once.
set -eu
venv=.cache/bench-venv
place=.cache/bench-engine
cmake --build build/release --target bench_engine >/dev/null
[ -x $venv/bin/python ] || python3 -m venv $venv
$venv/bin/python -c 'import lightgbm, numpy' 2>/dev/null || $venv/bin/python -m pip install --quiet lightgbm numpy scipy
xgboost=$place/xgboost/lib/libxgboost.so
if [ ! -f $xgboost ]; then # its wheel asks for a newer Python than Debian's; its library does not
    mkdir -p $place
    $venv/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --python-version 3.12 --platform manylinux_2_28_x86_64 --dest $place xgboost==3.4.1 ||
        { echo "skipped: XGBoost 3.4.1 could not be fetched" >&2; exit 0; }
    unzip -qo $place/xgboost-*.whl 'xgboost/lib/*' 'xgboost.libs/*' -d $place
fi
lightgbm=$($venv/bin/python -c 'import lightgbm, pathlib; print(pathlib.Path(lightgbm.__file__).parent / "lib/lib_lightgbm.so")')
for model in X30 X200 L30 L200; do
    [ -f $place/$model.c ] || $venv/bin/python bench/peers/engine_models.py $place $xgboost
    [ -f $place/$model.so ] || gcc -O3 -march=native -shared -fPIC -o $place/$model.so $place/$model.c -lm
done
build/release/bin/bench_engine $place $xgboost "$lightgbm"
