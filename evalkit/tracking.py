"""MLflow as a sink: the only room that knows it."""
