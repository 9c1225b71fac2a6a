"""The atlas: all strict ordinal games of two players with two actions each, under transparency."""
