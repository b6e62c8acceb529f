"""The nouns: frozen values on the standard library alone. No I/O, no clock, no logger."""
