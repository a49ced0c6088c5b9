#!/bin/sh
# Interpretable kinds through the program: what has no fit is refused in one line or answered with a finite model, and what
# people change in a model is in the ledger.
. "$(dirname "$0")/support.sh"

awk 'BEGIN {
    srand(7); print "a,b,twin,constant,never,text,y,all,w,zero" > "t.csv"
    for (i = 0; i < 400; i++) {
        a = int(rand() * 100) / 10; b = int(rand() * 50); y = rand() < 1 / (1 + exp(2 - a / 4)) ? 1 : 0
        printf "%g,%d,%g,1,,%s,%d,0,1,0\n", a, b, 2 * a + 1, (i % 3 ? "red" : "blue"), y >> "t.csv"
    }
    close("t.csv") }'
head -6 t.csv >few.csv
awk -F, 'NR == 1 { print $0 ",sep"; next } { print $0 "," ($7 == 1 ? 5 : 1) }' t.csv >apart.csv

# try DATA CODE IGNORED TARGET KIND WORDS: fitted with code 0 and finite scores, or refused in words
try() {
    printf 'target: %s\nignore: [%s]\n%s\nmodel: {%s}\n' "$4" "$3" "$7" "$5" >r.yaml
    expect "$2" vouch fit r.yaml "$1" --out m.vouch --quiet
    if [ "$2" -eq 1 ]; then
        says "$6"
        return
    fi
    expect 0 vouch score m.vouch "$1" --output raw --quiet
    ! grep -Eq 'nan|inf|,$' out || { head -3 out; fail "no finite scores: $5 on $1"; }
}
other="twin, constant, never, all, w, zero"
odds='{column: y, bad: 1}'
for kind in "glm, penalty: 0.01" "gam, bags: 2, rounds: 20" "tree, min_rows: 5" "rules, min_rows: 5" glm; do
    try t.csv 0 "all, w, zero" "$odds" "kind: $kind" "" "" # collinear (twin is 2 a + 1), a constant, an input without one value
    try t.csv 1 "twin, constant, never, w, zero" '{column: all, bad: 1}' "kind: $kind" "" "" # nobody is bad
    try t.csv 1 "twin, constant, never, all, w" "$odds" "kind: $kind" "weight" "weight: zero" # weights of zero
done
for kind in "glm, penalty: 0.01" "gam, bags: 1, rounds: 20" "tree, min_rows: 1" "rules, min_rows: 1" "glm, firth: true"; do
    try apart.csv 0 "$other" "$odds" "kind: $kind" "" "" # separated
done
try apart.csv 1 "$other" "$odds" "kind: glm" "separates the classes" ""
try t.csv 1 "constant, never, all, w, zero" "$odds" "kind: glm, collinear: refuse" "depends on the columns before it" ""
printf 'a,b,c,d,y\n1,2,3,4,0\n2,1,5,3,1\n3,3,1,1,0\n' >tiny.csv
try tiny.csv 1 "" "$odds" "kind: glm, family: gaussian" "no unique fit" ""
try tiny.csv 0 "" "$odds" "kind: glm, penalty: 0.1, family: gaussian" "" ""

people
printf 'target: {column: y, bad: 1}\nignore: [%s]\nmodel: {kind: gam, bags: 1, rounds: 20}\n' "$other" >r.yaml
expect 0 vouch fit r.yaml t.csv --out curves.vouch --quiet
printf 'edits:\n- {input: a, action: clip, low: -1, by: Ana Ruiz, why: few cases}\n' >edits.yaml
expect 0 vouch model edit curves.vouch --edits edits.yaml --out edited.vouch --key dana.pem --quiet
new=$(cat out)
expect 1 vouch model edit curves.vouch --edits edits.yaml --out edited.vouch --key victor.pem --quiet
says developer
expect 0 vouch verify
expect 0 vouch ledger
prints " edit "
[ "$(sha256sum <edited.vouch | cut -c1-64)" = "$new" ] || fail "the edited model is not the one recorded"
