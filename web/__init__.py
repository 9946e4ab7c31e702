"""What a browser sees: set-up, sign-in, and one page about the library and how to listen to it."""

from web.app import setup
from web.site import Services

__all__ = ["Services", "setup"]
