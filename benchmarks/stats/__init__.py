"""Statistics that never hide a tail: percentiles, steady state, intervals."""
