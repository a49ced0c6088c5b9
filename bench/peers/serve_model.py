"""An XGBoost model of 500 trees of depth 6 over the numeric columns of simulated loans, as somebody would bring it:
serve_model.py LOANS.csv MODEL.json"""
import csv
import sys

import numpy as np
import xgboost

with open(sys.argv[1]) as file:
    rows = list(csv.DictReader(file))
names = ["employment_years", "income", "savings", "loan_amount", "term_months", "debt_to_income", "utilisation", "open_accounts",
         "inquiries_6m", "delinquencies_2y", "months_since_delinquency", "history_months"]
x = np.array([[float(row[name] or "nan") for name in names] for row in rows], dtype=np.float32)
y = np.array([float(row["defaulted"]) for row in rows])
data = xgboost.DMatrix(x, y, feature_names=names)
params = {"objective": "binary:logistic", "max_depth": 6, "eta": 0.02, "min_child_weight": 0.2, "nthread": 2}
xgboost.train(params, data, 500).save_model(sys.argv[2])
