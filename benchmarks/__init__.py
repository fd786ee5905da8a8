"""What a run costs, measured against the least it could cost on the same machine, at the same time."""
