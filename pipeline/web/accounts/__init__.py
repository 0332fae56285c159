"""Accounts on the screen: those of the office for its administrators, and everybody's own."""
