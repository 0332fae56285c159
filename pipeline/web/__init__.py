"""The web API of the store: what programs, offices and claimants may ask, and what an engine reports."""
