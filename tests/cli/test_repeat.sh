#!/bin/sh
# The same run gives the same bytes: again, at one thread and at two, and without FMA and AVX.
. "$(dirname "$0")/support.sh"
loans 3000 5
run() { # DIR ENV...
    dir=$1
    shift
    code=0
    env "$@" >"$dir.out" 2>"$dir.err" || code=$?
    [ "$code" -eq 0 ] || [ "$code" -eq 3 ] || { cat "$dir.err" >&2; fail "run gave $code"; }
}
run a vouch run --out a --threads 1 --quiet
run b vouch run --out b --threads 2 --quiet
run c GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-AVX512BW,-AVX,-FMA,-FMA4,-AVX_Fast_Unaligned_Load \
    vouch run --out c --threads 2 --quiet
for other in b c; do
    for file in models/scorecard.vouch models/boosted.vouch evidence.json report.html; do
        cmp "a/$file" "$other/$file" || fail "$file differs between a and $other"
    done
done
echo "1 and 2 threads, with and without FMA and AVX: identical models, evidence and report"
