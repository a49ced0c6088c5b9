"""The French motor claims freMTPL2 as Wuethrich & Merz (2023) prepare and split them (listings 5.1 and 5.2; claims
counted in the severity file, appendix B): python3 glm_claims.py prepare SHARED learn.csv test.csv
The Poisson deviance of predicted counts: python3 glm_claims.py deviance CSV PREDICTED, 100 x the mean."""
import csv
import gzip
import math
import random
import sys
from collections import Counter


def uniforms(seed):
    """R's set.seed and unif_rand: its scrambling of the seed, then the Mersenne twister."""
    state = []
    for step in range(50 + 625):
        if step >= 50:
            seed = (69069 * seed + 1) & 0xFFFFFFFF
            state.append(seed)
        else:
            seed = (69069 * seed + 1) & 0xFFFFFFFF
    twister = random.Random()
    twister.setstate((3, tuple(state[1:]) + (624,), None))
    while True:
        yield twister.getrandbits(32) * 2.3283064365386963e-10


def sample(n, size, seed):
    """R 3.5's sample() without replacement."""
    x, u = list(range(n)), uniforms(seed)
    for _ in range(size):
        j = int(n * next(u))
        yield x[j]
        n -= 1
        x[j] = x[n]


def cut(value, edges, names):
    """R's cut(): intervals closed on the right, the lowest on both sides."""
    for high, name in zip(edges, names):
        if value <= high:
            return name
    raise ValueError(value)


def policies(shared):
    claims = Counter(row["IDpol"] for row in csv.DictReader(gzip.open(f"{shared}/freMTPL2sev.csv.gz", "rt")))
    names = None
    for part in (1, 2):
        for row in csv.reader(gzip.open(f"{shared}/freMTPL2freq.part{part}.csv.gz", "rt")):
            if names is None:
                names = row
                continue
            p = dict(zip(names, row))
            n = claims[p["IDpol"]]
            if n <= 5:
                yield p, n


def row_of(p, n):
    return [p["IDpol"], n, min(float(p["Exposure"]), 1.0), min(int(p["VehPower"]), 9),
            cut(int(p["VehAge"]), (5, 12, 999), ("0-5", "6-12", "12+")),
            cut(int(p["DrivAge"]), (20, 25, 30, 40, 50, 70, 999),
                ("18-20", "21-25", "26-30", "31-40", "41-50", "51-70", "71+")),
            min(int(p["BonusMalus"]), 150), p["VehBrand"], p["VehGas"], repr(math.log(int(p["Density"]))),
            p["Region"], "ABCDEF".index(p["Area"]) + 1]


def prepare(shared, learn, test):
    rows = sorted((int(p["IDpol"]), row_of(p, n)) for p, n in policies(shared))
    chosen = set(sample(len(rows), round(0.9 * len(rows)), 500))
    names = "policy claims years power vehicle driver bonus brand gas density region area".split()
    for path, is_learn in ((learn, True), (test, False)):
        with open(path, "w", newline="") as f:
            out = csv.writer(f, lineterminator="\n")
            out.writerow(names)
            for i, (_, row) in enumerate(rows):
                if (i in chosen) == is_learn:
                    row[3] = f"p{row[3]}"  # a category
                    out.writerow(row)
    print(len(chosen), len(rows) - len(chosen))


def deviance(data, predicted):
    counts = [int(row["claims"]) for row in csv.DictReader(open(data))]
    means = [float(row["probability"]) for row in csv.DictReader(open(predicted))]
    assert len(counts) == len(means)
    total = math.fsum(2 * (m - y + (y * math.log(y / m) if y else 0)) for y, m in zip(counts, means))
    print(f"{100 * total / len(counts):.3f}")


{"prepare": prepare, "deviance": deviance}[sys.argv[1]](*sys.argv[2:])
