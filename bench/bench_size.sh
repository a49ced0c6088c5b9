#!/bin/sh
# Size and power of every p-value by simulation; writes docs/test_sizes.md. Not a speed: ours is the size at 5 %, the bar what it may
# be within three Monte-Carlo errors, and short a test whose theory does not hold there; the table says why.
set -eu
cmake --build build/release --target bench_size >/dev/null
build/release/bin/bench_size docs/test_sizes.md
