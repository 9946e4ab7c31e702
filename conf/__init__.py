"""What the operator can say: settings from YAML, the environment and secret files.

The lowest room: it imports no other. `Settings` is frozen and complete; nothing else reads the
environment.
"""

from conf.loader import ConfigError, Loaded, load
from conf.settings import Secret, Settings
from conf.version import VERSION

__all__ = ["VERSION", "ConfigError", "Loaded", "Secret", "Settings", "load"]
