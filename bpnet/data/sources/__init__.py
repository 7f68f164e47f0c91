"""Data that does not fit into memory, read some rows at a time: one kind a module."""
