"""What the scripts of this folder share: DeLong's variance and Holm's adjustment by definition, the project's own random
numbers (Philox 4x32-10 of Salmon, Moraes, Dror & Shaw, SC'11; Lemire's bounded integers; splitmix64), written from their
papers so that what is drawn by a seed can be computed here without the program, and the form of a golden file."""
import datetime
import importlib
import json
import pathlib

import numpy as np

M64 = (1 << 64) - 1
M32 = (1 << 32) - 1
CALL_SEED = 7  # of every trial (tests/support/trial.c)


def philox(seed, stream, block):
    c = [block & M32, block >> 32, stream & M32, stream >> 32]
    k = [seed & M32, seed >> 32]
    for _ in range(10):
        a, b = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
        c = [(b >> 32) ^ c[1] ^ k[0], b & M32, (a >> 32) ^ c[3] ^ k[1], a & M32]
        k = [(k[0] + 0x9E3779B9) & M32, (k[1] + 0xBB67AE85) & M32]
    return c


# Random123's known answers (kat_vectors, philox4x32 10)
assert philox(0, 0, 0) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
assert philox(M64, M64, M64) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]


class Rng:
    def __init__(self, seed, stream):
        self.seed, self.stream, self.at = seed & M64, stream & M64, 0

    def next(self):
        c = philox(self.seed, self.stream, self.at // 2)
        odd = self.at & 1
        self.at += 1
        return c[2 * odd] | c[2 * odd + 1] << 32

    def below(self, n):
        while True:
            upper, rest = divmod(self.next() * n, 1 << 64)
            if rest >= n or rest >= ((1 << 64) - n) % n:
                return upper


def shuffle(seed, stream, n):
    """Fisher and Yates."""
    out, rng = list(range(n)), Rng(seed, stream)
    for i in range(n, 1, -1):
        k = rng.below(i)
        out[i - 1], out[k] = out[k], out[i - 1]
    return np.array(out)


def mix(seed, key):
    def stirred(z):
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & M64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & M64
        return z ^ (z >> 31)

    return stirred(stirred((seed + 0x9E3779B97F4A7C15) & M64) ^ ((key * 0x9E3779B97F4A7C15 + 0xD1B54A32D192ED03) & M64))


def delong(score, bad):
    """AUC and its variance by placements."""
    b, g = np.asarray(score)[np.asarray(bad) == 1], np.asarray(score)[np.asarray(bad) == 0]
    won = (b[:, None] > g) + 0.5 * (b[:, None] == g)
    return won.mean(), won.mean(1).var(ddof=1) / len(b) + won.mean(0).var(ddof=1) / len(g)


def holm(p):
    p = np.asarray(p, float)
    order = np.argsort(p, kind="stable")
    out = np.empty(len(p))
    out[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return out


def plain(x):
    """As JSON can have it: NaN is null, infinities are text."""
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if hasattr(x, "tolist"):
        x = x.tolist()
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    if isinstance(x, float):
        return None if x != x else "Infinity" if x == np.inf else "-Infinity" if x == -np.inf else x
    return x


class Cases:
    def __init__(self, script, libraries, seed, note):
        self.script, self.libraries, self.seed, self.note = pathlib.Path(script), libraries, seed, note
        self.cases, self.samples = [], []

    def add(self, test, now, expect, tolerance=1e-10, before=None, params=None, **more):
        case = {"test": test, "now": self.named(now), "expect": expect, "tolerance": tolerance} | more
        if before is not None:
            case["before"] = self.named(before)
        if params:
            case["params"] = params
        self.cases.append(plain(case))

    def named(self, sample):
        """Samples that are equal stand once in the file."""
        sample = plain(sample)
        if sample not in self.samples:
            self.samples.append(sample)
        return f"s{self.samples.index(sample)}"

    def write(self):
        name = {"scikit-learn": "sklearn"}
        root = {"provenance": {
            "library": ", ".join(self.libraries), "note": self.note, "seed": self.seed,
            "version": ", ".join(importlib.import_module(name.get(m, m)).__version__ for m in self.libraries),
            "date": datetime.date.today().isoformat(), "script": self.script.name},
            "samples": {f"s{i}": s for i, s in enumerate(self.samples)}, "cases": self.cases}
        path = self.script.with_name(self.script.stem.removeprefix("make_") + ".json")
        path.write_text(json.dumps(root, separators=(",", ":")) + "\n")
        print(len(self.cases), "cases", path.stat().st_size, "bytes")
