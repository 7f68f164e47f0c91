"""Small mechanisms that the whole package shares."""
