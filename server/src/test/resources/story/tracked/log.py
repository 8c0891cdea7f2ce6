import mlflow

for step in range(10):
    mlflow.log_metric("loss", 1.0 / (step + 1), step=step)
mlflow.log_param("rate", 0.1)
mlflow.end_run("FAILED")
