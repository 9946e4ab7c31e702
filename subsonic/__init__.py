"""The protocol: Subsonic 1.16.1 and OpenSubsonic under `/rest`.

One endpoint is one function in the file of its chapter; everything else is derived from it.
"""

from subsonic.app import setup
from subsonic.services import Services

__all__ = ["Services", "setup"]
