#!/bin/sh
# The unit tests of the release build under valgrind: what the sanitizers can't see in optimised code.
# Objects are held by a pointer past their header, which valgrind calls "possibly lost": only certain leaks count.
set -u
failed=0
for test in build/release/bin/test_*; do
    name=$(basename "$test")
    case $name in
    test_parallel | test_source | test_kill) continue ;; # threads by the dozen, DuckDB, and killing: tested elsewhere
    esac
    echo "$name"
    valgrind --quiet --error-exitcode=1 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
        "$test" >/dev/null || { echo "$name FAILED" && failed=1; }
done
exit $failed
