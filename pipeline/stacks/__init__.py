"""Stacks of paper as an office feeds them: sheets between claims, labels, batches with a control total."""
