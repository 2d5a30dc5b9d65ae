"""Paths of keys: absolute, without a blank part; pure."""

from runtime.errors import Invalid

ROOT = "/"


def check_path(path: str) -> str:
    """Return `path`; raises `Invalid` when it is none, which the server answers less clearly."""
    if path == ROOT:
        return path
    if not path.startswith("/") or path.endswith("/") or "//" in path or "\0" in path:
        raise Invalid(f"{path!r} is not a path of a key", path=path)
    if "/." in path and any(part in (".", "..") for part in path.split("/")):
        raise Invalid(f"{path!r} is not a path of a key", path=path)
    return path


def parent_of(path: str) -> str:
    """Return the path of the key above; the root is above itself."""
    return path.rpartition("/")[0] or ROOT


def name_of(path: str) -> str:
    """Return the last part of a path."""
    return path.rpartition("/")[2]


def child_of(path: str, name: str) -> str:
    """Return the path of the key `name` below `path`."""
    return f"/{name}" if path == ROOT else f"{path}/{name}"


def is_below(path: str, top: str) -> bool:
    """Whether `path` is `top` or anywhere below it."""
    return top in (ROOT, path) or path.startswith(f"{top}/")
