#!/bin/sh
# The server, by a real HTTP client: decisions, the same decision again, what is refused, and a graceful stop.
. "$(dirname "$0")/support.sh"
loans 2000 4
people
expect 1 vouch serve --key service.pem --port 0 --quiet # nothing is approved yet
approved
serve
ask() { curl -sS -o answer.json -w '%{http_code}' "$@"; }
post() { ask -H "Content-Type: application/json" "$@" "$address/v1/decisions"; }

[ "$(post -H 'Idempotency-Key: k1' -d @result/request.json)" = 200 ] || { cat answer.json; fail "a good request"; }
grep -q '"decision":"' answer.json || fail "no decision"
cp answer.json first.json
[ "$(post -H 'Idempotency-Key: k1' -d @result/request.json)" = 200 ] || fail "the same again"
cmp answer.json first.json || fail "the same key gave another answer"
[ "$(post -H 'Idempotency-Key: k1' -d '{"row":{}}')" = 409 ] || fail "another body under the same key"
[ "$(post -d '{"row":{}}')" = 422 ] || fail "missing columns"
grep -q E_DATA answer.json || fail "no status name"
[ "$(post -d '{"row":')" = 400 ] || fail "malformed JSON"
[ "$(post -d '{"row":{"income":NaN}}')" = 400 ] || fail "NaN"
[ "$(post -d '{"row":{"income":1e999}}')" = 400 ] || [ "$(post -d '{"row":{"income":1e999}}')" = 422 ] || fail "infinity"
printf '{"row":{"income":"\377"}}' >invalid.json
[ "$(post --data-binary @invalid.json)" = 400 ] || fail "invalid UTF-8"
[ "$(ask "$address/nowhere")" = 404 ] || fail "404"
[ "$(ask "$address/v1/decisions")" = 405 ] || fail "405"
[ "$(ask "$address/healthz")" = 200 ] || fail "health"
[ "$(ask "$address/metrics")" = 200 ] || fail "metrics"
grep -q '^vouch_' answer.json || fail "no metrics"
host=${address#http://}
raw() { printf "$1" | python3 -c '
import socket, sys
h, p = sys.argv[1].split(":")
s = socket.create_connection((h, int(p)), 5); s.sendall(sys.stdin.buffer.read()); s.settimeout(5)
print(s.recv(200).split(b"\r\n")[0].decode())' "$host"; }
raw 'POST /v1/decisions HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}' | grep -q ' 400 ' || fail "duplicate Content-Length"
raw 'POST /v1/decisions HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n\r\n{}' | grep -q ' 400 ' || fail "non-digit Content-Length"
raw 'GET /healthz HTTP/1.1\r\n\r\n' | grep -q ' 400 ' || fail "no Host"
raw 'POST /v1/decisions HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n{' | grep -q ' 413 ' || fail "1 GB body"

id=$(sed 's/.*"id":"\([^"]*\)".*/\1/' first.json)
[ "$(ask "$address/v1/decisions/$id")" = 200 ] || fail "a stored decision"
kill -TERM "$server"
wait "$server" || fail "the server did not stop gracefully"
expect 0 vouch replay "$id"
expect 0 vouch verify
echo "decisions, idempotency, refusals, metrics, graceful stop and replay"
