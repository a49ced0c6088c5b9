#!/bin/sh
# Speeds as ratios against peers measured in the same run. One TSV line a row: name, ours, best peer, unit, ratio, bar, ok/short.
#   ./dev bench           all
#   ./dev bench trees     one
# Peers come from the registry into a virtual environment under .cache.
set -eu
only=${1:-}
printf 'name\tours\tpeer\tunit\tratio\tbar\tverdict\n'
for script in bench/bench_*.sh; do
    name=$(basename "$script" .sh)
    [ -z "$only" ] || [ "bench_$only" = "$name" ] || continue
    sh "$script"
done
