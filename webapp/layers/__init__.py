"""Layers: versions of shared folders that functions see at /opt."""
