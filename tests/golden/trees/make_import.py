"""Small models of CatBoost and XGBoost with their scores, for what the larger goldens lack: oblivious trees, missing values
by either treatment, one-hot splits with names, text categories. Run: python3 make_import.py (catboost 1.2.10, xgboost
3.2.0, numpy, pandas). CatBoost writes the names of categories only when save_model is given the pool."""
import json
import pathlib

import catboost
import numpy as np
import pandas as pd
import xgboost

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(11)
N, KEEP = 1500, 60
PURPOSES = ["car", "home", "trip"]
table = pd.DataFrame({
    "amount": rng.normal(size=N).astype("f4"),
    "age": rng.integers(18, 80, N).astype("f4"),
    "purpose": rng.choice(PURPOSES, N),
})
table.loc[rng.random(N) < 0.1, "amount"] = np.nan
bad = ((table.amount.fillna(0.5) + 0.03 * (table.age - 50) + (table.purpose == "car") + rng.normal(size=N)) > 0).astype(int)


def values(frame):
    return [[None if v != v else v if isinstance(v, str) else float(v) for v in row] for row in frame.values.tolist()]


def catboost_case(name, columns, **options):
    cats = ["purpose"] if "purpose" in columns else []
    data = catboost.Pool(table[columns], bad, cat_features=cats)
    model = catboost.CatBoost(dict(iterations=8, depth=4, random_seed=1, verbose=0, thread_count=1,
                                   one_hot_max_size=10, allow_writing_files=False, **options))
    model.fit(data)
    path = here / f"cb_{name}.json"
    model.save_model(str(path), format="json", pool=data)
    saved = json.loads(path.read_text())
    raw = model.predict(data, prediction_type="RawFormulaVal")
    saved["model_info"] = {"catboost_version_info": saved["model_info"]["catboost_version_info"].split("\n\n")[0],
                           "params": {"loss_function": saved["model_info"]["params"]["loss_function"]}}
    path.write_text(json.dumps(saved, separators=(",", ":")))
    return {"model": path.name, "rows": values(table[columns][:KEEP]), "raw": raw[:KEEP].tolist()}


def xgboost_case():
    frame = table.assign(purpose=pd.Categorical(table.purpose), grade=pd.Categorical(rng.choice(list("gfedcba"), N)))
    data = xgboost.DMatrix(frame, bad, enable_categorical=True)
    model = xgboost.train({"objective": "binary:logistic", "max_depth": 3, "max_cat_to_onehot": 3, "nthread": 1}, data, 8)
    model.save_model(here / "xgb_text_categories.json")
    raw = model.predict(data, output_margin=True)
    return {"model": "xgb_text_categories.json", "rows": values(frame[:KEEP]), "raw": raw[:KEEP].astype("f8").tolist()}


cases = [
    catboost_case("logloss", ["amount", "age"], loss_function="Logloss"),
    catboost_case("rmse_nan_max", ["amount", "age"], loss_function="RMSE", nan_mode="Max"),
    catboost_case("one_hot", ["amount", "age", "purpose"], loss_function="Logloss"),
    xgboost_case(),
]
provenance = f"catboost {catboost.__version__}, xgboost {xgboost.__version__}, seed 11, 2026-11-22"
(here / "import.json").write_text(json.dumps({"provenance": provenance, "cases": cases}, separators=(",", ":")) + "\n")
