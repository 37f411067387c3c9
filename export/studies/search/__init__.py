"""Which architecture: students drawn from a space, by accuracy and by measured latency."""
