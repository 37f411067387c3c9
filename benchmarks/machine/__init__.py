"""Facts about the machine and the software, and its state at the start."""
