#!/bin/sh
# Each public header compiles alone, as C17 and as C++17, without a warning, by gcc and by clang.
set -eu
cd "$(dirname "$0")/.."
failed=0
n=0
for header in $(find include -name '*.h' | sort); do
    for compiler in "gcc -x c -std=c17" "clang-14 -x c -std=c17" "g++ -x c++ -std=c++17" "clang++-14 -x c++ -std=c++17"; do
        n=$((n + 1))
        # shellcheck disable=SC2086  # a command and its flags
        printf '#include "%s"\n' "${header#include/}" |
            $compiler -Wall -Wextra -Wpedantic -Wconversion -Wundef -Werror -fsyntax-only -Iinclude - || {
            echo "$header does not compile alone with $compiler"
            failed=1
        }
    done
done
[ "$failed" -eq 0 ] && echo "$n compilations of public headers are clean"
exit "$failed"
