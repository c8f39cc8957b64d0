"""Packages that some options need, and the plain trainer does not."""

from __future__ import annotations

from importlib import import_module

from train_host.export import ExportError

__all__ = ["require"]


def require(what: str, extra: str, *modules: str) -> None:
    """Raises ExportError, which says what to install, where one of ``modules`` is missing."""
    try:
        for module in modules:
            import_module(module)
    except ImportError as error:
        raise ExportError(
            f"{what} needs {error.name}: pip install 'groovebox[{extra}]'."
        ) from error
