"""The dashboard: how the office works, in figures, plots and tables, without a word of any person insured."""
