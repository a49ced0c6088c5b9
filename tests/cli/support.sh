# What the command-line tests share. Sourced with the build's bin folder in $1.
set -eu
bin=$1
PATH=$bin:$PATH
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
place=$(mktemp -d)
export VOUCH_PASSPHRASE=test
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" # leaks are the unit tests' matter; here a foreign library is loaded
export TSAN_OPTIONS="${TSAN_OPTIONS:-}:suppressions=$root/tests/tsan.supp"
servers=
trap 'for p in $servers; do kill -9 "$p" 2>/dev/null || :; done; rm -rf "$place"' EXIT
cd "$place"

[ -f "$bin/libduckdb.so" ] || { echo "skipped: no libduckdb.so beside the program"; exit 77; }

fail() { echo "FAIL: $*" >&2; exit 1; }

# expect CODE COMMAND...: its exit status is CODE; what it says is in out and err
expect() {
    want=$1
    shift
    code=0
    "$@" >out 2>err || code=$?
    [ "$code" -eq "$want" ] || { cat out err >&2; fail "exit status $code, not $want: $*"; }
}
says() { grep -qF -- "$1" err || { cat err >&2; fail "stderr lacks: $1"; }; [ "$(wc -l <err)" -eq 1 ] || { cat err >&2; fail "more than one line"; }; }
prints() { grep -qF -- "$1" out || { cat out >&2; fail "stdout lacks: $1"; }; }
# refused WORDS COMMAND...: it fails, and says so in these words
refused() {
    words=$1
    shift
    if "$@" >out 2>err; then fail "accepted: $*"; fi
    cat out err | grep -q "$words" || fail "$* says: $(cat out err)"
}

loans() { # ROWS SEED [FAULT]: loans.csv and its project file in the current folder
    vouch simulate credit --rows "$1" --seed "$2" --fault "${3:-none}" --out loans.csv --quiet
    cp "$root/examples/loans/vouch.yaml" vouch.yaml
}
people() { # a store with an owner, a developer, a validator, an approver and a service
    vouch init --key olga.pem --person Olga --quiet
    for who in dana:developer victor:validator ada:approver service:service; do
        vouch key new "${who%:*}.pem" --quiet
        vouch key grant "${who%:*}.pem.pub" --person "${who%:*}" --role "${who#*:}" --key olga.pem --quiet
    done
}
approved() { # run, sign and approve: sets champion
    code=0
    vouch run --key dana.pem --quiet >run.txt || code=$?
    [ "$code" -eq 0 ] || [ "$code" -eq 3 ] || fail "vouch run gave $code"
    champion=$(sed -n 's/.*"champion":{[^}]*"name":"\([^"]*\)".*/\1/p' result/evidence.json)
    vouch model sign "$champion" --key victor.pem --quiet
    vouch model approve "$champion" --key ada.pem --quiet
}
serve() { # starts the server: sets address and server
    rm -f ready && mkfifo ready
    vouch serve --key service.pem --port 0 --quiet "$@" >ready 2>serve.err &
    server=$!
    servers="$servers $server"
    read -r line <ready || { cat serve.err >&2; fail "the server did not start"; }
    address=${line#listening on }
}
