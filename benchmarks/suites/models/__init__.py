"""Students, teacher and users' models: latency, memory, start, quality."""
