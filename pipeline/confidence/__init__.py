"""How sure a value is: what speaks for it, and the fitted model that makes a probability of it."""
