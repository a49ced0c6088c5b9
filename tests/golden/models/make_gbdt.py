#!/usr/bin/env python3
"""Raw scores of gbdt_1.vouch by a reader written from docs/models.md alone, in plain Python.

gbdt_1.vouch is a file of format 1, kind gbdt version 1; the rows are those of test_model_io.c. Run from this folder:
    python3 make_gbdt.py > gbdt.json"""
import datetime
import hashlib
import json
import math
import platform
import struct


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        size = struct.calcsize("<" + form)
        value, = struct.unpack_from("<" + form, self.data, self.at)
        self.at += size
        return value

    def text(self):
        n = self.take("I")
        self.at += n
        return self.data[self.at - n:self.at].decode()


def read_node(r):
    flags, cover = r.take("B"), r.take("d")
    if flags & 1:
        return {"value": r.take("d"), "cover": cover}
    node = {"left": r.take("I"), "right": r.take("I"), "input": r.take("I"), "missing_left": bool(flags & 4)}
    if flags & 2:
        n = r.take("I")
        words = [r.take("I") for _ in range((n + 31) // 32)]
        node["set"] = {c for c in range(n) if words[c // 32] >> c % 32 & 1}
        node["n"] = n
    else:
        node["threshold"] = r.take("d")
    return node


def read_file(data):
    assert data[:8] == b"VOUCHMDL" and data[-32:] == hashlib.sha256(data[:-32]).digest()
    r = Reader(data)
    r.at = 8
    assert r.take("I") == 1 and r.take("Q") == len(data) - 52
    assert r.text() == "gbdt" and r.take("I") == 1
    r.text()
    inputs = []
    for _ in range(r.take("I")):
        name, is_category, _direction = r.text(), r.take("B"), r.take("B")
        categories = [r.text() for _ in range(r.take("I"))]
        for _ in range(r.take("I")):
            r.take("d")
        inputs.append((name, is_category, categories))
    for _ in range(r.take("I")):
        r.text(), r.take("d")
    assert r.take("B") == 0
    base = r.take("d")
    trees = [[read_node(r) for _ in range(r.take("I"))] for _ in range(r.take("I"))]
    assert r.at == len(data) - 32
    return inputs, base, trees


def score(base, trees, row):
    raw = base
    for tree in trees:
        node = tree[0]
        while "value" not in node:
            x = row[node["input"]]
            if x is None or ("set" in node and x >= node["n"]):
                left = node["missing_left"]
            else:
                left = x in node["set"] if "set" in node else x <= node["threshold"]
            node = tree[node["left" if left else "right"]]
        raw += node["value"]
    return raw


data = open("gbdt_1.vouch", "rb").read()
inputs, base, trees = read_file(data)
assert [i[0] for i in inputs] == ["x0", "x1", "x2"] and inputs[1][2] == ["c0", "c1", "c2", "c3", "c4"]
rows = [(None if i % 11 == 3 else i * 7 % 23, i % 5, i % 17 - 8.0) for i in range(120)]
raw = [score(base, trees, row) for row in rows]
assert len(set(raw)) > 5 and all(math.isfinite(v) for v in raw)
print(json.dumps({
    "provenance": {"library": "plain Python " + platform.python_version(), "source": "docs/models.md", "seed": None,
                   "date": datetime.date.today().isoformat()},
    "fingerprint": hashlib.sha256(data).hexdigest(),
    "raw": raw}, indent=1))
