"""The report: Markdown for a repository, one self-contained HTML page for a person."""
