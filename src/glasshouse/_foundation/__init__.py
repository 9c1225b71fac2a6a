"""What everything stands on: arrays, numbers, precision, randomness, words, files."""
