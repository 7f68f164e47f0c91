"""Files that hold tables, read into columns by name."""
