"""What each way of teaching adds: `run` trains and scores, `table` compares, `plot` draws."""
