"""The information value of our bins and of optbinning's, column by column, from the same pre-bins."""
import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from optbinning import OptimalBinning

warnings.filterwarnings("ignore")
TRENDS = {"rising": "ascending", "falling": "descending", "peak": "peak", "valley": "valley", "convex": "convex",
          "concave": "concave", "any": None}
COLUMNS = 200


def columns(cards):
    """Columns to bin, each with a target of its own."""
    if Path(cards).exists():
        real = pd.read_csv(cards).iloc[::5]
        for name in real.columns.drop(["ID", "DEFAULT"]):
            yield name, real[name].to_numpy(float), real["DEFAULT"].to_numpy()
    else:
        print("skipped: the UCI accounts are not here; ./dev demo fetches them", file=sys.stderr)
    k = 0
    while True:
        rng = np.random.default_rng(k)
        x = rng.normal(size=4000) if k % 2 else rng.integers(0, 40, 4000).astype(float)
        z = (x - x.mean()) / x.std()
        shape = (z, z * z, -z * z, np.sin(3 * z), 0 * z)[k % 5]
        yield f"s{k}", x, (rng.random(4000) < 1 / (1 + np.exp(2 - rng.uniform(0.1, 1) * shape))).astype(int)
        k += 1


def ours(path, rules):
    out = subprocess.run(["vouch", "bin", str(path), "--target", "y", "--column", "x", "--rules", json.dumps(rules), "--json",
                          "--quiet"], check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


worse = better = same = infeasible = 0
place = Path(tempfile.mkdtemp())
for at, (name, x, y) in zip(range(COLUMNS), columns(sys.argv[1])):
    trend = list(TRENDS)[at % len(TRENDS)]
    splits = np.unique(np.quantile(x, np.linspace(0, 1, 17)[1:-1]))
    if len(splits) > 1 and splits[-1] >= x.max():
        splits = splits[:-1]
    # optbinning's ranges are closed on the left, ours on the right: hand it splits just above ours
    theirs = OptimalBinning(dtype="numerical", solver="cp", user_splits=np.nextafter(splits, np.inf),
                            monotonic_trend=TRENDS[trend], max_n_bins=8, min_bin_size=0.05, min_bin_n_event=5,
                            min_bin_n_nonevent=5, min_prebin_size=1e-9, gamma=0)
    theirs.fit(x, y)
    table = theirs.binning_table.build()
    iv = float(table.loc[[isinstance(i, (int, np.integer)) for i in table.index], "IV"].sum())
    pd.DataFrame({"x": x, "y": y}).to_csv(place / "rows.csv", index=False)
    got = ours(place / "rows.csv", {"trend": trend, "max_bins": 8, "min_share": 0.05, "min_events": 5,
                                    "splits": [float(s) for s in splits]})
    value = got["value"]
    if theirs.status not in ("OPTIMAL", "FEASIBLE") or value is None:
        infeasible += 1
        if theirs.status in ("OPTIMAL", "FEASIBLE") and len(theirs.splits) > 0:
            print(f"{name} ({trend}): ours finds nothing, optbinning {iv}")
            worse += 1
        continue
    if value < iv - 1e-9:
        worse += 1
        print(f"{name} ({trend}): {value} against {iv}, splits {list(theirs.splits)}")
    elif value > iv + 1e-9:
        better += 1
    else:
        same += 1
print(f"{COLUMNS} columns: {same} equal, {better} better, {worse} worse, {infeasible} without bins on one side or both")
sys.exit(worse > 0)
