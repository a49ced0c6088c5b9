#!/bin/sh
# Scoring XGBoost and LightGBM models: one row and many, against those libraries' C interfaces, ONNX Runtime's, and the
# models compiled to C (by TL2cgen and as plain nested ifs; the faster of the two is the peer). The libraries come from
# the registry's wheels; models are trained with them, once. VOUCH_BENCH_MODEL=X200 measures one model.
set -eu
venv=.cache/bench-venv
place=.cache/bench-engine
skip() {
    echo "skipped: bench_engine: $1" >&2
    exit 0
}
[ "$(uname -m)" = x86_64 ] || skip "the peers' wheels are for x86-64"
cmake --build build/release --target bench_engine >/dev/null
mkdir -p $place
[ -x $venv/bin/python ] || python3 -m venv $venv
$venv/bin/python -c 'import lightgbm, numpy, onnx, onnxruntime, tl2cgen' 2>/dev/null ||
    $venv/bin/python -m pip install --quiet --disable-pip-version-check lightgbm==4.7.0 numpy==2.4.6 scipy==1.17.1 \
        onnx==1.23.2 onnxruntime==1.31.1 tl2cgen==1.0.0 treelite==4.8.1 || skip "the peers could not be fetched"
xgboost=$place/xgboost/lib/libxgboost.so
if [ ! -f $xgboost ]; then # its wheel asks for a newer Python than Debian's; its library does not
    $venv/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --python-version 3.12 --platform manylinux_2_28_x86_64 --dest $place xgboost==3.4.1 ||
        skip "XGBoost 3.4.1 could not be fetched"
    unzip -qo $place/xgboost-*.whl 'xgboost/lib/*' 'xgboost.libs/*' -d $place
fi
packages=$($venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
$venv/bin/python bench/peers/engine_models.py $place $xgboost 2>/dev/null >&2
flags="-O3 -march=native -w -shared -fPIC"
for model in X30 X200 L30 L200; do
    # shellcheck disable=SC2086  # a list of words on purpose
    [ -f $place/${model}_ifs.so ] || gcc $flags -o $place/${model}_ifs.so $place/${model}_ifs.c -lm
    # shellcheck disable=SC2086
    [ -f $place/${model}_tl2cgen.so ] || gcc $flags -o $place/${model}_tl2cgen.so $place/${model}_tl2cgen/*.c -lm
done
build/release/bin/bench_engine $place $xgboost "$packages/lightgbm/lib/lib_lightgbm.so" \
    "$(echo "$packages"/onnxruntime/capi/libonnxruntime.so.*)"
