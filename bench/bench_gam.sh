#!/bin/sh
# Additive boosting of 200,000 rows of 30 numbers, two threads: `vouch fit` (reading the file included) against interpret's EBM
# 0.7.8 (fit alone), both with their defaults, at an AUC on 50,000 further rows that is no worse by more than 0.0005.
set -eu
root=$PWD
vouch=$root/build/release/bin/vouch
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
venv=.cache/venv-interpret
peer=bench/peers/gam_peer.py
[ -x $venv/bin/python ] ||
    { python3 -m venv $venv && $venv/bin/pip install --quiet interpret-core==0.7.8 pandas pyarrow scikit-learn; } >&2
$venv/bin/python $peer data "$place"
printf 'target: {column: y, bad: 1}\nmodel: {kind: gam}\n' >"$place/recipe.yaml"
ours() {
    begun=$(date +%s.%N)
    "$vouch" fit "$place/recipe.yaml" "$place/train.parquet" --threads 2 --out "$place/m.vouch" --quiet >/dev/null
    date +"%s.%N $begun" | awk '{print $1 - $2}'
}
ours >"$place/first"
$venv/bin/python $peer fit "$place" >"$place/peer"
ours >"$place/second"
"$vouch" score "$place/m.vouch" "$place/test.parquet" --output raw >"$place/scores.csv"
$venv/bin/python $peer auc "$place" "$place/scores.csv" >"$place/auc"
cat "$place/first" "$place/second" "$place/peer" "$place/auc" | tr '\n' ' ' | awk -v OFS='\t' '{
    seconds = ($1 + $2) / 2
    ratio = $3 / seconds
    same = ($5 >= $4 - 0.0005)
    print "gam_fit_200000x30", sprintf("%.2f", seconds), sprintf("%.1f", $3), "s", sprintf("%.1f", ratio), "10",
        (ratio >= 10 && same ? "ok" : "short")
    print "gam_auc_200000x30", sprintf("%.5f", $5), sprintf("%.5f", $4), "AUC", sprintf("%.5f", $5 / $4), "0.9994",
        (same ? "ok" : "short") }'
