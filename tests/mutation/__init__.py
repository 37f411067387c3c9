"""Mutation testing: small faults planted in the code, and whether a test dies of each."""
