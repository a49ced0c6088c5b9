#!/bin/sh
# All that gates a push. Called by ./dev test (quick) and, with VOUCH_TEST_ALL=1, by ./dev check-all (in full).
# Prints what it does, stops nothing at the first failure, and ends with one line: N passed, N failed.
set -u
cores=${1:-2}
all=${VOUCH_TEST_ALL:-}
passed=0
failed=0
skipped=0
log=.cache/test
mkdir -p "$log"
started=$(date +%s)

step() { # NAME COMMAND...: one check, its output kept and shown when it fails
    name=$1
    shift
    printf '%-46s ' "$name" >&2
    began=$(date +%s)
    if "$@" >"$log/$name.log" 2>&1; then
        passed=$((passed + 1))
        printf 'ok    %4d s\n' $(($(date +%s) - began)) >&2
    else
        failed=$((failed + 1))
        printf 'FAIL  %4d s   (%s)\n' $(($(date +%s) - began)) "$log/$name.log" >&2
        tail -60 "$log/$name.log" >&2
    fi
}

configure_and_build() { # PRESET
    cmake --preset "$1" && cmake --build --preset "$1" -j "$cores" || return 1
    if [ -f .cache/duckdb/libduckdb.so ]; then
        ln -sf "$PWD/.cache/duckdb/libduckdb.so" "build/$1/bin/libduckdb.so"
    fi
}

run_ctest() { # PRESET [ARGS...]: counts each test; a preset whose build failed has failed already
    preset=$1
    shift
    printf 'tests (%s)\n' "$preset" >&2
    ctest --test-dir "build/$preset" -j "$cores" --output-on-failure --no-tests=error "$@" >"$log/ctest-$preset.log" 2>&1
    grep -E '^ *[0-9]+/[0-9]+ Test' "$log/ctest-$preset.log" | grep -vE 'Passed' >&2
    p=$(grep -cE '^ *[0-9]+/[0-9]+ Test.* Passed ' "$log/ctest-$preset.log")
    s=$(grep -cE '^ *[0-9]+/[0-9]+ Test.*\*\*\*Skipped' "$log/ctest-$preset.log")
    t=$(grep -cE '^ *[0-9]+/[0-9]+ Test' "$log/ctest-$preset.log")
    f=$((t - p - s))
    [ "$t" -eq 0 ] && f=1
    passed=$((passed + p))
    failed=$((failed + f))
    skipped=$((skipped + s))
    [ "$f" -gt 0 ] && tail -80 "$log/ctest-$preset.log" >&2
    grep -hE 'skipped: ' "$log/ctest-$preset.log" "build/$preset/Testing/Temporary/LastTest.log" 2>/dev/null | sort -u >&2
    printf '  %s: %d passed, %d failed, %d skipped\n' "$preset" "$p" "$f" "$s" >&2
}

formatted() { find include src cli tests bench examples -name '*.[ch]' -exec clang-format-14 --dry-run --Werror {} +; }

same_made_files() { # generated files that are committed are what their generators make
    for script in tools/make_*.py; do
        [ -e "$script" ] || continue
        python3 "$script" --check || return 1
    done
}

step source-rules python3 tools/check_source.py
step clang-format formatted
step made-files same_made_files
step build-dev configure_and_build dev
if [ -n "$all" ]; then run_ctest dev; else run_ctest dev -LE slow; fi
step build-release configure_and_build release
run_ctest release -L 'cli|base|gate'
step pages python3 tools/check_docs.py build/release/bin/vouch
step build-clang configure_and_build clang
step clang-tidy sh tools/tidy.sh "$cores"
step public-headers sh tools/check_headers.sh
step exported-symbols sh tools/check_symbols.sh build/release/libvouch.so
step build-tsan configure_and_build tsan
if [ -n "$all" ]; then
    run_ctest tsan
    step fuzz sh tools/fuzz.sh 60
    step valgrind sh tools/valgrind.sh
else
    run_ctest tsan -L 'base|models|serve|govern|explain'
fi

printf 'took %d s\n' $(($(date +%s) - started)) >&2
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
