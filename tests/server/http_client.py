"""A real HTTP client against a running server: python3 http_client.py PORT PID ACKED

PID is the server's process (its memory is watched); every decision id that was answered is written to the file
ACKED. Prints one line a check; exit status 1 at the first that fails."""
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading

port, pid, acked = int(sys.argv[1]), int(sys.argv[2]), open(sys.argv[3], "w")
lock = threading.Lock()
ROW = json.dumps({"row": {"income": 150}})


def check(what, ok, got=None):
    print("ok" if ok else f"FAILED ({got!r})", "-", what, flush=True)
    if not ok:
        sys.exit(1)


def note(body):
    ids = [d["id"] for d in json.loads(body)["decisions"]]
    with lock:
        acked.write("".join(i + "\n" for i in ids))
    return ids


def post(body=ROW, key=None, connection=None, headers=None):
    c = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    c.request("POST", "/v1/decisions", body, {**({"Idempotency-Key": key} if key else {}), **(headers or {})})
    r = c.getresponse()
    text = r.read()
    if not connection:
        c.close()
    return r, text


def raw(data, more=b""):
    """What the server says to these bytes, to the end of the connection; b'' when it closes without a word."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
        s.sendall(data)
        got = b""
        try:
            while True:
                piece = s.recv(65536)
                if not piece:
                    return got
                got += piece
        except (ConnectionResetError, socket.timeout) as e:
            return got if isinstance(e, ConnectionResetError) else got + b"STILL OPEN"


def curl(*args):
    return subprocess.run(["curl", "-sS", "--max-time", "60", *args], capture_output=True, text=True)


def memory_kib():
    return int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{pid}/status").read())[1])


def plain():
    out = curl("-i", f"http://127.0.0.1:{port}/healthz").stdout
    check("curl reads /healthz", "200 OK" in out and '{"status":"live"}' in out, out)
    out = curl("-d", ROW, f"http://localhost:{port}/v1/decisions").stdout
    check("curl posts a decision", json.loads(out)["decisions"][0]["decision"] == "approve", out)
    ident = note(out)[0]
    out = curl(f"http://127.0.0.1:{port}/v1/decisions/{ident}?x=1").stdout
    check("the decision can be read back", json.loads(out)["id"] == ident, out)
    out = curl("-i", "-X", "DELETE", f"http://127.0.0.1:{port}/v1/decisions").stdout
    check("another method is 405 with Allow", "405" in out.split("\n")[0] and "Allow: POST" in out, out)
    out = curl("-i", "-I", f"http://127.0.0.1:{port}/v1/model").stdout
    check("HEAD has no body", "200 OK" in out and "fingerprint" not in out, out)
    out = curl(f"http://127.0.0.1:{port}/metrics").stdout
    check("metrics are counted", 'route="/v1/decisions",code="200"} 1\n' in out, out)
    r, text = post(b'{"row":{"income":"\xff"}}')
    check("invalid UTF-8 is 400", r.status == 400 and b"E_FORMAT" in text, text)
    r, text = post('{"row":{"income":NaN}}')
    check("NaN is 400", r.status == 400 and b"E_FORMAT" in text, text)
    with tempfile.NamedTemporaryFile() as f:
        f.write(b"{}" + b" " * 2000000)
        f.flush()
        out = curl("-i", "-H", "Expect:", "--data-binary", "@" + f.name, f"http://127.0.0.1:{port}/v1/decisions")
        check("a body over the limit is 413, or cut off", " 413 " in out.stdout[:30] or out.returncode in (55, 56), out)


def strict():
    body = b"{}"
    head = b"POST /v1/decisions HTTP/1.1\r\n"
    host = b"Host: localhost\r\n"
    cases = {
        "Content-Length twice": host + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n" + body,
        "Content-Length twice, different": host + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n" + body,
        "Content-Length +2": host + b"Content-Length: +2\r\n\r\n" + body,
        "Content-Length 0x2": host + b"Content-Length: 0x2\r\n\r\n" + body,
        "Content-Length -1": host + b"Content-Length: -1\r\n\r\n" + body,
        "Content-Length 2, 2": host + b"Content-Length: 2, 2\r\n\r\n" + body,
        "both lengths": host + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "another coding": host + b"Transfer-Encoding: gzip\r\nContent-Length: 2\r\n\r\n" + body,
        "no Host": b"Content-Length: 2\r\n\r\n" + body,
        "Host twice": host + host + b"Content-Length: 2\r\n\r\n" + body,
    }
    for what, rest in cases.items():
        got = raw(head + rest)
        check(f"{what} is 400 and closes", got.startswith(b"HTTP/1.1 400") and b"STILL OPEN" not in got, got)
    got = raw(b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n")
    check("another Host is 403 and closes", got.startswith(b"HTTP/1.1 403") and b"STILL OPEN" not in got, got)
    r, text = post(headers={"Origin": "http://evil.example"})
    check("another Origin is 403", r.status == 403, text)
    r, text = post(headers={"Origin": f"http://127.0.0.1:{port}"})
    check("its own Origin is fine", r.status == 200, text)
    note(text)
    got = raw(head + host + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" +
              b"%x\r\n%s\r\n0\r\n\r\n" % (len(ROW), ROW.encode()))
    check("a chunked body is read", got.startswith(b"HTTP/1.1 200"), got)
    got = raw(b"junk\r\n\r\n")
    check("junk is refused", b"STILL OPEN" not in got and b"200" not in got[:20], got)
    got = raw(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 100000 + b"\r\n\r\n")
    check("endless headers are refused", b"STILL OPEN" not in got and b"200" not in got[:20], got[:100])
    got = raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nIdempotency-Key: a\r\nIdempotency-Key: b\r\n\r\n")
    check("two keys are 400", got.startswith(b"HTTP/1.1 400"), got)


def huge():
    before = memory_kib()
    with tempfile.NamedTemporaryFile() as f:
        f.truncate(1 << 30)
        out = curl("-i", "-X", "POST", "-H", "Expect:", "-T", f.name, f"http://127.0.0.1:{port}/v1/decisions")
        check("a body of 1 GB is 413, or cut off", " 413 " in out.stdout[:30] or out.returncode in (55, 56),
              (out.returncode, out.stdout[:200], out.stderr[:200]))
        out = curl("-i", "-X", "POST", "-T", f.name, f"http://127.0.0.1:{port}/v1/decisions").stdout
        check("a body of 1 GB that asks first is told 413 or 417", re.match(r"HTTP/1.1 41[37]", out), out[:200])
    got = raw(b"POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1073741824\r\n\r\n")
    check("its announcement alone is 413", got.startswith(b"HTTP/1.1 413"), got[:100])
    check("and was not kept in memory", memory_kib() - before < 20000, memory_kib() - before)


def threads(n, work):
    all_of = [threading.Thread(target=work, args=(i,)) for i in range(n)]
    for t in all_of:
        t.start()
    for t in all_of:
        t.join()


def together():
    ids, replays = [], []

    def same_key(_):
        r, text = post(key="together")
        with lock:
            replays.append((r.status, text, r.headers.get("Idempotent-Replay")))

    threads(24, same_key)
    check("24 at once with one key get one answer", len({t for _, t, _ in replays}) == 1 and
          all(s == 200 for s, _, _ in replays) and sum(x is None for _, _, x in replays) == 1, replays[:3])
    note(replays[0][1])

    def many(i):
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for _ in range(30):
            r, text = post(connection=c)
            if r.status == 200:
                got = note(text)
                with lock:
                    ids.extend(got)
        c.close()

    threads(16, many)
    check("16 connections x 30 requests are all answered", len(ids) == 480 and len(set(ids)) == 480, len(ids))

    request = (f"POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(ROW)}\r\n\r\n{ROW}").encode()
    last = request.replace(b"Host:", b"Connection: close\r\nHost:")
    got = raw(request * 20 + last)
    check("21 requests in one go are answered in turn", got.count(b"HTTP/1.1 200") == 21, got.count(b"HTTP/1.1"))

    def leave(_):
        for cut in (len(request), len(request) - 5, 30):
            s = socket.create_connection(("127.0.0.1", port))
            s.sendall(request[:cut])
            s.close()

    threads(20, leave)
    out = curl(f"http://127.0.0.1:{port}/healthz").stdout
    check("clients that leave do no harm", "live" in out, out)


plain()
strict()
huge()
together()
acked.close()
