"""What reviewers work with: which claim is next, what of it is in doubt, what was said, how sure that is."""
