#!/bin/sh
# Models of XGBoost 3.4 and 1.7, LightGBM, CatBoost and scikit-learn (through ONNX), made on the spot: scored there and
# here, on every path of the engine, and compared bit by bit. 500 of them have random data and parameters.
# Then the losses that trees are grown on, beside XGBoost's and LightGBM's. VOUCH_CONFORMANCE_SEED moves the seeds.
set -eu
place=.cache/conformance-trees
seed=${VOUCH_CONFORMANCE_SEED:-1000}
program=build/release/bin/conform_trees
PATH=$PWD/build/release/bin:$PATH
cmake --preset release >/dev/null
cmake --build --preset release --target conform_trees conform_losses cli >/dev/null

# versions that are compared with; skl2onnx 1.20 cannot write HistGradientBoosting with newer onnx and protobuf
[ -x $place/new/bin/python ] || python3 -m venv $place/new
$place/new/bin/python -c 'import catboost, lightgbm, onnxruntime, skl2onnx' 2>/dev/null ||
    $place/new/bin/python -m pip install --quiet --disable-pip-version-check lightgbm==4.7.0 catboost==1.2.10 \
        scikit-learn==1.9.1 skl2onnx==1.20.0 onnxruntime==1.31.1 onnx==1.17.0 'protobuf<5' pandas ||
    { echo "skipped: the packages could not be fetched"; exit 0; }
[ -x $place/old/bin/python ] || python3 -m venv $place/old
$place/old/bin/python -c 'import xgboost' 2>/dev/null ||
    $place/old/bin/python -m pip install --quiet --disable-pip-version-check xgboost==1.7.6 'numpy<2' 'scipy<1.15' 'pandas<2.3' ||
    { echo "skipped: XGBoost 1.7.6 could not be fetched"; exit 0; }
if [ ! -f $place/xgboost/xgboost/lib/libxgboost.so ]; then # its wheel asks for a newer Python than Debian's; it runs
    rm -rf $place/xgboost && mkdir -p $place/xgboost
    $place/new/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --python-version 3.12 --platform manylinux_2_28_x86_64 --dest $place/xgboost xgboost==3.4.1 ||
        { echo "skipped: XGBoost 3.4.1 could not be fetched"; exit 0; }
    (cd $place/xgboost && unzip -qo ./*.whl && rm ./*.whl)
fi

failed=0
try() { # WHAT: what to run, and what it says when all is well is its last line
    "$@" >$place/out 2>$place/err || failed=1
    grep -v ': equal$' $place/out || { tail -3 $place/err; failed=1; }
}
new="$place/new/bin/python tests/conformance/trees.py $program"
old="$place/old/bin/python tests/conformance/trees.py $program"
current="env PYTHONPATH=$place/xgboost $new"
# shellcheck disable=SC2086  # words on purpose
{
    try $current listed xgboost
    try $old listed xgboost
    try $new listed lightgbm
    try $new listed catboost
    try $new onnx
    try $current random xgboost "$seed" 250
    try $new random lightgbm "$seed" 250
    try $old random xgboost "$((seed + 4000))" 100
    try env PYTHONPATH=$place/xgboost $place/new/bin/python tests/conformance/losses.py build/release/bin/conform_losses
}
exit $failed
