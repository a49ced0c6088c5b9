#!/bin/sh
# kill -9 at any moment, during runs and during decisions: what was acknowledged is there, the store verifies, and work goes on.
# 6 kills of each; with VOUCH_TEST_ALL=1, 50 of each.
. "$(dirname "$0")/support.sh"
kills=6
[ -z "${VOUCH_TEST_ALL:-}" ] || kills=50
loans 1500 8
people
approved
pause() { python3 -c "import random, time; random.seed($1); time.sleep(random.random() * $2)"; }

acknowledged=0
i=0
while [ "$i" -lt "$kills" ]; do
    i=$((i + 1))
    rm -rf killed
    vouch run --key dana.pem --out killed --json --quiet >run.json 2>/dev/null &
    pid=$!
    pause "$i" 1.5
    kill -9 "$pid" 2>/dev/null || :
    wait "$pid" 2>/dev/null || :
    if grep -q ledger_seq run.json; then
        acknowledged=$((acknowledged + 1))
        seq=$(sed 's/.*"ledger_seq":\([0-9]*\).*/\1/' run.json)
        vouch ledger --quiet | grep -qE "^ *$seq .* run " || fail "run entry $seq was acknowledged and is not there"
    fi
    for file in killed/*.json killed/*.html killed/models/*.vouch; do
        [ ! -e "$file" ] || [ -s "$file" ] || fail "$file is half-written"
    done
    expect 0 vouch verify
done

i=0
decided=0
while [ "$i" -lt "$kills" ]; do
    i=$((i + 1))
    serve
    : >acknowledged
    (
        n=0
        while [ "$n" -lt 200 ]; do
            n=$((n + 1))
            curl -sS --max-time 5 -w '\n' -H "Idempotency-Key: k$i-$n" -d @result/request.json "$address/v1/decisions" 2>/dev/null |
                sed -n 's/.*"id":"\([^"]*\)".*/\1/p' >>acknowledged || exit 0
        done
    ) 2>/dev/null &
    client=$!
    pause "$((i + 1000))" 1
    kill -9 "$server" 2>/dev/null || :
    wait "$server" 2>/dev/null || :
    wait "$client" 2>/dev/null || :
    serve
    while read -r id; do
        [ "$(curl -sS -o kept.json -w '%{http_code}' "$address/v1/decisions/$id")" = 200 ] || fail "decision $id was answered and is lost"
        decided=$((decided + 1))
    done <acknowledged
    kill -TERM "$server"
    wait "$server" || fail "no graceful stop after a kill"
    expect 0 vouch verify
done
[ "$decided" -gt 0 ] || fail "no decision was ever acknowledged: the test tests nothing"
echo "$kills runs and $kills servers killed; $acknowledged runs and $decided decisions acknowledged, all there"
