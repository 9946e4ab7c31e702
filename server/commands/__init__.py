"""What can be said to the program: one file per word."""

__all__: list[str] = []
