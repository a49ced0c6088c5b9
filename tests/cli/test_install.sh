#!/bin/sh
# What is installed is whole: from the prefix alone a C program is built by pkg-config, and scores as the program does.
. "$(dirname "$0")/support.sh"
build=$bin/..
of_cache() { sed -n "s/^$1:[^=]*=//p" "$build/CMakeCache.txt"; }
compile="$(of_cache CMAKE_C_COMPILER) $(of_cache CMAKE_C_FLAGS) -std=c17 -Wall -Wextra -Wpedantic -Wconversion -Werror" # a sanitized library wants a sanitized program
cmake --install "$build" --prefix "$place/usr" >log || { cat log; fail "cmake --install"; }
export PKG_CONFIG_PATH="$place/usr/lib/pkgconfig"
for header in "$place"/usr/include/vouch/*.h; do echo "#include <vouch/$(basename "$header")>"; done >all.c
# shellcheck disable=SC2046,SC2086  # words on purpose
$compile -c all.c $(pkg-config --cflags vouch)
libdir=$(pkg-config --variable=libdir vouch)
# shellcheck disable=SC2046,SC2086
$compile "$root/examples/embed/score.c" $(pkg-config --cflags --libs vouch) \
    "-Wl,-rpath,$libdir" -o score

ln -sf "$bin/libduckdb.so" "$place/usr/lib/libduckdb.so"
PATH=$place/usr/bin:$PATH
[ "$(command -v vouch)" = "$place/usr/bin/vouch" ] || fail "not the installed program"
loans 800 3
printf 'target: defaulted\ninputs: [income, region, utilisation, months_since_delinquency]\nmodel: {kind: gbdt, trees: 20}\n' >recipe.yaml
expect 0 vouch fit recipe.yaml loans.csv --out model.vouch --quiet
expect 0 vouch score model.vouch loans.csv --id id --quiet
cut -d, -f2 out | tail -n +2 >want
./score model.vouch <loans.csv >both || fail "the program in C"
cut -d, -f2 both | cmp - want || fail "the program in C scores otherwise"
expect 1 ./score nowhere.vouch
says nowhere.vouch
cut -d, -f1,2 loans.csv >few.csv
if ./score model.vouch <few.csv >out 2>err; then fail "inputs that are not there"; fi
says "names 0 of the model's 4 inputs"
