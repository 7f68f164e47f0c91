"""Model and checkpoint files: bytes that are checked, and written in full or not at all."""
