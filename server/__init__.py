"""The composition root: wiring, command line, workers, health, metrics, logs.

The top room. Nothing imports it; `python -m server` runs it. This door stays empty and light,
because the children that read hostile files come through it too.
"""

__all__: list[str] = []
