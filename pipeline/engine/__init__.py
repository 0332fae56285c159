"""Handing claims over to whoever pays them, and telling others what became of a claim."""
