"""What a browser sees: set-up, sign-in, one page about the library, and the pages of shares."""

from web.app import setup
from web.site import Services

__all__ = ["Services", "setup"]
