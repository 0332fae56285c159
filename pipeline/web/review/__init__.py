"""The review desk: queue, claims with papers beside values, what the screen asks the server."""
