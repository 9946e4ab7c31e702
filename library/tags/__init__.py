"""What audio files say of themselves: tags, stream, pictures, and a hash of the sound.

Runs in a child of the sandbox: imports neither the database nor an event loop.
"""

from library.tags.facts import READER, Answer, Facts, Person, Request, Splitting
from library.tags.reader import read_files

__all__ = ["READER", "Answer", "Facts", "Person", "Request", "Splitting", "read_files"]
