"""The record of a run: versioned JSON, its schema, its figures and its warnings."""
