"""What is measured: teacher, student and a user's own model, each in several runtimes."""
