"""The parts of the bench: each takes a sandbox, an effort and the rows so far, and returns rows."""
