#!/bin/sh
# Durable decisions per second through HTTP, with the median and the 99th percentile of a request's time.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cc -std=c17 -O2 -D_GNU_SOURCE -Iinclude -Ibench bench/bench_serve.c -Lbuild/release -lvouch -lpthread -o "$place/bench"
mkdir "$place/work"
VOUCH_BENCH_DUCKDB=$PWD/.cache/duckdb/libduckdb.so LD_LIBRARY_PATH=build/release "$place/bench" "$place/work"
