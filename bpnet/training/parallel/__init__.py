"""A fit by several processes: the same bits on any number of them."""
