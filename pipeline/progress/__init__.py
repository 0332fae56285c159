"""How far a claim is: for the person who claims, for the office, and as files."""
