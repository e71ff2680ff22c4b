"""A saved model in other hands: in the formats of other programs, and as a page that answers by itself."""
