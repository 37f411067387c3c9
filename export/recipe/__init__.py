"""What a student is made by: a TOML file, read into checked, frozen settings."""
