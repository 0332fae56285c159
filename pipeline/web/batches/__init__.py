"""The batch desk, shown: what was sent, how far it is, which sheet to pull, pages put right by hand."""
