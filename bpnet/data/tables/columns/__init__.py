"""Feature columns: what each is taken for, and how it becomes columns of x."""
