"""What computes below the book's interface: whole mini-batches as matrices, samples as rows."""
