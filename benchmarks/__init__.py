"""Teacher and student, measured: latency, memory, CPU cost and quality on the device's own CPU."""
