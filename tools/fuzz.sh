#!/bin/sh
# Explore every fuzz target for SECONDS each, starting from the committed corpus. What is found is left in .cache/fuzz.
set -eu
seconds=${1:-60}
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz -j "$(nproc)" >/dev/null
for target in build/fuzz/bin/fuzz_*; do
    name=$(basename "$target")
    found=.cache/fuzz/$name
    mkdir -p "$found/new"
    echo "fuzzing $name for $seconds s"
    "$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -artifact_prefix="$found/" -print_final_stats=1 \
        "$found/new" "tests/fuzz/corpus/${name#fuzz_}" >"$found/log" 2>&1 || {
        tail -30 "$found/log"
        exit 1
    }
    grep -E 'number_of_executed_units' "$found/log"
done
