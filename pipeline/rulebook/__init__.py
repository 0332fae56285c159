"""The rules for people: `baoxiao rules` lists them, `baoxiao check` runs them on claims that others made."""
