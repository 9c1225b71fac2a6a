"""What figures share: colours and the size of text."""

# Okabe & Ito's palette, told apart with every common form of colour blindness.
BLUE, ORANGE, GREY, GREEN, BLACK = "#0072B2", "#D55E00", "#7F7F7F", "#009E73", "#000000"
PURPLE, YELLOW = "#CC79A7", "#F0E442"

TEXT = 8.5
"""Size of all text, in points."""
