"""The connection `local`: the API of this machine, found through the daemon's own file.

Reads pvcapid.yaml, or the earlier pvc.conf, for address, port, TLS and the first token, and nothing
else: an operator need not be able to read the rest.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from cli.target import Target
from runtime.errors import ConfigError

CONFIG_FILES: Final = (Path("/etc/pvc/pvcapid.yaml"), Path("/etc/pvc/pvc.conf"))
_ANY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def local_target(own: object = None, files: Iterable[Path] = CONFIG_FILES) -> Target:
    """Return the connection to this machine's API, by the file named or one of the usual ones.

    Raises `ConfigError` with the cure.
    """
    path = _found(tuple(dict.fromkeys((*([Path(str(own))] if own else []), *files))))
    document = _read(path)
    top = _section(document, "pvc") or _section({"top": document}, "top")
    api = _section(top, "api")
    listen = _section(api, "listen")
    host = api.get("listen_address") or listen.get("address") or "127.0.0.1"
    return Target(
        name="local",
        host=_ANY_ADDRESS.get(str(host), str(host)),
        port=_port(path, api.get("listen_port") or listen.get("port") or 7370),
        scheme="https" if "listen" in api and _is_on(_section(api, "ssl")) else "http",
        api_key=_first_token(api),
        description="the API of this machine",
        verify=False,
    )


def _found(candidates: tuple[Path, ...]) -> Path:
    path = next((file for file in candidates if _is_there(file)), None)
    if path is None:
        tried = " nor ".join(str(file) for file in candidates)
        raise ConfigError(
            f"this machine has no API to connect to: there is neither {tried}. Name a stored "
            "connection with --connection, or add one: pvc connection add NAME --address HOST"
        )
    return path


def _read(path: Path) -> object:
    from runtime.config.yaml_file import read_yaml

    try:
        return read_yaml(path)
    except ConfigError as error:
        if isinstance(error.__cause__, PermissionError):
            raise _closed(path) from error
        raise


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except PermissionError as error:
        raise _closed(path) from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    return True


def _closed(path: Path) -> ConfigError:
    return ConfigError(
        f"{path} cannot be read by this user (it holds tokens): run pvc as root, or store a "
        "connection with a token of your own: pvc connection add NAME --address HOST --api-key KEY"
    )


def _section(tree: object, name: str) -> Mapping[str, Any]:
    section = tree.get(name) if isinstance(tree, Mapping) else None
    return section if isinstance(section, Mapping) else {}


def _is_on(section: Mapping[str, Any]) -> bool:
    return str(section.get("enabled", "")).lower() in ("true", "yes", "on")


def _port(path: Path, value: object) -> int:
    try:
        return int(str(value))
    except ValueError as error:
        raise ConfigError(f"{path}: the API's port is not a number") from error


def _first_token(api: Mapping[str, Any]) -> str:
    authentication = _section(api, "authentication")
    tokens = authentication.get("tokens") or api.get("token") or ()
    first = tokens[0] if isinstance(tokens, list) and tokens else {}
    if not _is_on(authentication) or not isinstance(first, Mapping):
        return ""
    if (file := first.get("token_file")) and "token" not in first:
        try:
            return Path(str(file)).read_text(encoding="utf-8").strip()
        except PermissionError as error:
            raise _closed(Path(str(file))) from error
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigError(f"{file} cannot be read: {reason}") from error
    return str(first.get("token") or "")
