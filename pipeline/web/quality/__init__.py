"""How right it is: errors among values that go through unseen, spot checks, people, the audit of a claim."""
