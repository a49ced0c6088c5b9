"""WoE and IV of scorecardpy and optbinning on given cuts, and optbinning's optimal monotone cuts. Writes scorecard.json.

scorecardpy's WoE is ln(share of bads / share of goods); it is written with its sign turned, so that both say
ln(share of goods / share of bads)."""
import json
import warnings
import numpy as np
import optbinning
import pandas as pd
import scorecardpy
from optbinning import OptimalBinning

warnings.filterwarnings("ignore")
SEED = 7
rng = np.random.default_rng(SEED)

# few distinct values with a rising bad rate: every value is a bin of its own, whoever chooses
x = np.repeat([1.0, 2.0, 3.0, 4.0], [150, 120, 90, 60])
y = (rng.random(x.size) < np.repeat([0.08, 0.2, 0.35, 0.6], [150, 120, 90, 60])).astype(int)
card = scorecardpy.woebin(pd.DataFrame({"x": x, "y": y}), y="y", breaks_list={"x": [2, 3, 4]})["x"]
opt = OptimalBinning(dtype="numerical", user_splits=[1.5, 2.5, 3.5], user_splits_fixed=[True] * 3).fit(x, y)
table = opt.binning_table.build().iloc[:4]
fixed = {"x": x.tolist(), "bad": y.tolist(), "scorecardpy_woe": (-card["woe"]).tolist(),
         "scorecardpy_iv": float(card["total_iv"].iloc[0]), "optbinning_woe": table["WoE"].astype(float).tolist(),
         "optbinning_iv": float(table["IV"].sum())}

# the optimum over given cells: 24 values, cuts between them
best = []
for trend, slope in (("ascending", 0.12), ("descending", -0.12), ("ascending", 0.0)):
    x = rng.integers(0, 24, 600).astype(float)
    y = (rng.random(600) < 1 / (1 + np.exp(-(-1 + slope * (x - 12) + rng.normal(size=600))))).astype(int)
    opt = OptimalBinning(dtype="numerical", solver="cp", prebinning_method="quantile", max_n_prebins=30,
                         user_splits=np.arange(23) + 0.5, monotonic_trend=trend, max_n_bins=6, min_bin_size=0.05,
                         min_bin_n_event=5, min_bin_n_nonevent=5, time_limit=60).fit(x, y)
    best.append({"x": x.tolist(), "bad": y.tolist(), "direction": 1 if trend == "ascending" else -1, "max_bins": 6,
                 "min_share": 0.05, "min_events": 5, "status": opt.status, "cuts": np.asarray(opt.splits).tolist(),
                 "iv": float(opt.binning_table.build().iloc[:len(opt.splits) + 1]["IV"].sum())})
    print(trend, opt.status, opt.splits, best[-1]["iv"])
json.dump({"provenance": {"library": "scorecardpy, optbinning", "version": "0.1.9.7, " + optbinning.__version__,
                          "seed": SEED, "date": "2026-11-22"},
           "tolerance": 1e-9, "fixed": fixed, "best": best}, open("scorecard.json", "w"), separators=(",", ":"))
