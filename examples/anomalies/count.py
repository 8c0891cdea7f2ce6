"""What share of the planted payments was found?"""

import csv
import os
import pathlib

given = pathlib.Path(os.environ["PIPEWRIGHT_INPUTS"]) / "predictions"
file = given if given.is_file() else next(path for path in given.rglob("*") if path.is_file())
with open(file, newline="") as table:
    planted = [row["anomaly"] == "true" for row in csv.DictReader(table) if row["planted"] == "yes"]
(pathlib.Path(os.environ["PIPEWRIGHT_OUTPUTS"]) / "share").write_text(str(sum(planted) / len(planted)))
