#!/bin/sh
# Generalised linear models with errors, and elastic-net paths, against statsmodels, glum, scikit-learn and R on the same
# tables, each from columns in memory to coefficients; the claims are freMTPL2, where ../shared/data is. Rows also hold the
# objective to the peer's.
set -eu
place=.cache/bench-scorecard
venv=.cache/venv-bench-glm
mkdir -p $place
cmake --build build/release --target bench_scorecard >/dev/null
[ -x $venv/bin/python ] || python3 -m venv $venv
$venv/bin/python -c 'import glum, statsmodels, sklearn, pandas' 2>/dev/null ||
    $venv/bin/python -m pip install --quiet --disable-pip-version-check glum==3.4.1 statsmodels==0.15.0 \
        scikit-learn==1.9.1 pandas==3.1.1 || {
    echo "skipped: bench_scorecard: the peers could not be fetched" >&2
    exit 0
}
$venv/bin/python bench/peers/glm_peers.py $place ../shared/data
if ! command -v Rscript >/dev/null; then
    echo "skipped: claims_R: Rscript is not installed" >&2
elif [ -e $place/claims.csv ]; then
    Rscript bench/peers/glm_peer.R $place >>$place/peers
fi
build/release/bin/bench_scorecard $place $place/peers
