"""Event source mappings: what reads from a queue or a stream would invoke a function with. Stored, not polled."""
