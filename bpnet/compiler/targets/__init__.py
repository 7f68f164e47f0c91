"""What each array library adds to the compiler."""
