"""What is trained: layers, and the layout of their parameters."""
