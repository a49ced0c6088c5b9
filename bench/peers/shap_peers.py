#!/usr/bin/env python3
"""Seconds a row that shap's C++ and woodelf-explainer take for Shapley values of the models of engine_models.py, on one
thread: name<TAB>seconds. Calls are over rows enough that Python's part of them is nothing.
Usage: shap_peers.py FOLDER > peers.tsv"""
import pathlib
import sys
import time

import numpy
import pandas
import shap
import woodelf
import xgboost

folder = pathlib.Path(sys.argv[1])
BACKGROUND = 5000  # where its rows begin


def seconds(fn, rows, runs=2):
    best = 1e300
    for _ in range(runs):
        begun = time.thread_time()
        fn()
        best = min(best, time.thread_time() - begun)
    return best / rows


for width in (30, 200):
    path = folder / f"X{width}.json"
    if not path.exists():
        continue
    x = numpy.fromfile(folder / f"rows_{width}.f64").reshape(-1, width).astype(numpy.float32)
    booster = xgboost.Booster(model_file=path)
    booster.set_param({"nthread": 1})
    for m, rows in ((100, 60), (1000, 8)):
        background = x[BACKGROUND:BACKGROUND + m].astype(numpy.float64)
        explainer = shap.TreeExplainer(booster, shap.maskers.Independent(background, max_samples=m),
                                       feature_perturbation="interventional")  # else 100 rows are taken
        some = x[:rows].astype(numpy.float64)
        took = seconds(lambda: explainer.shap_values(some, check_additivity=False), rows, 1)
        print(f"shap_{m}_X{width}\t{took:.9f}", flush=True)
    frame = pandas.DataFrame(numpy.tile(x, (2, 1)), columns=[f"f{j}" for j in range(width)])
    explainer = woodelf.WoodelfExplainer(booster)
    took = seconds(lambda: explainer.shap_values(frame, verbose=False), len(frame), 1)
    print(f"woodelf_cover_X{width}\t{took:.9f}", flush=True)
    explainer = woodelf.WoodelfExplainer(booster, frame.iloc[BACKGROUND:BACKGROUND + 1000])
    took = seconds(lambda: explainer.shap_values(frame, verbose=False), len(frame), 1)
    print(f"woodelf_1000_X{width}\t{took:.9f}", flush=True)
