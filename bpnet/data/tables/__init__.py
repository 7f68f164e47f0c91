"""Tables in files, made ready for training: columns by name become x and y."""
