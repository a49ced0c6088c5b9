#!/bin/sh
# The unit tests of the release build under valgrind: what the sanitizers can't see in optimised code.
set -eu
for test in build/release/bin/test_*; do
    case $(basename "$test") in
    test_parallel | test_source | test_kill) continue ;; # threads by the dozen, DuckDB, and killing: tested elsewhere
    esac
    echo "$(basename "$test")"
    valgrind --quiet --error-exitcode=1 --leak-check=full "$test" >/dev/null
done
