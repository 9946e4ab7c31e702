"""Which Dulcian this is; `setup.cfg` reads it here, so that a checkout knows it, too."""

VERSION = "0.1.0"
