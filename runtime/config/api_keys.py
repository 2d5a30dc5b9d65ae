"""Every key of pvcapid.yaml that this version reads or bears."""

from typing import Any, Final

from runtime.config.api import Role
from runtime.config.key import REQUIRED, Key, rows
from runtime.config.kinds import (
    BOOLEAN,
    HOST,
    IDLE_SECRET,
    PATH,
    PORT,
    SECRET,
    TEXT,
    choice,
    several,
)
from runtime.config.secret_file import SecretKeys
from runtime.config.zookeeper_keys import ZOOKEEPER_KEYS

_NO_PROVISIONER: Final = "the provisioner comes later"
_NGINX: Final = "nginx serves TLS in front of the API"

DEBUG: Final = Key(path="debug", kind=BOOLEAN, default=False, about="Log debug events too.")
COORDINATORS: Final = Key(
    path="coordinators",
    kind=several(HOST),
    default=REQUIRED,
    about="The coordinators, which are the Zookeeper members.",
)
LISTEN_ADDRESS: Final = Key(
    path="api.listen_address",
    kind=HOST,
    default="127.0.0.1",
    about="Where the API listens; nginx stands in front of it.",
)
LISTEN_PORT: Final = Key(
    path="api.listen_port", kind=PORT, default=7370, about="The port it listens on."
)
AUTHENTICATION: Final = Key(
    path="api.authentication.enabled",
    kind=BOOLEAN,
    default=False,
    about="Ask for a token; without it everybody who reaches the API may do everything.",
)
SECRET_KEY: Final = SecretKeys(
    inline=Key(
        path="api.authentication.secret_key",
        kind=SECRET,
        about="Signs the cookies of sessions; the same on every coordinator.",
    ),
    file=Key(
        path="api.authentication.secret_key_file",
        kind=PATH,
        about="File holding it, not open to everybody.",
    ),
)
DESCRIPTION: Final = Key(path="description", kind=TEXT, default="", about="Whose token it is.")
TOKEN: Final = SecretKeys(
    inline=Key(path="token", kind=SECRET, about="The token, as sent in X-Api-Key."),
    file=Key(path="token_file", kind=PATH, about="File holding it, not open to everybody."),
)
ROLE: Final = Key(
    path="role", kind=choice(Role), default=Role.ADMIN, about="What its holder may do."
)
TOKENS: Final = rows(
    "api.authentication.tokens", (DESCRIPTION, TOKEN.inline, TOKEN.file, ROLE), "Who may call."
)


def _idle(path: str, kind: Any, about: str, why: str = _NO_PROVISIONER) -> Key[Any]:
    return Key(path=path, kind=kind, about=about, idle=why)


API_FILE_KEYS: Final[tuple[Key[Any], ...]] = (
    DEBUG,
    COORDINATORS,
    *ZOOKEEPER_KEYS,
    LISTEN_ADDRESS,
    LISTEN_PORT,
    AUTHENTICATION,
    SECRET_KEY.inline,
    SECRET_KEY.file,
    TOKENS,
    _idle("api.ssl.enabled", BOOLEAN, "Serve TLS.", _NGINX),
    _idle("api.ssl.cert_file", TEXT, "Certificate.", _NGINX),
    _idle("api.ssl.key_file", TEXT, "Its key.", _NGINX),
    _idle("provisioner.database.host", HOST, "Server of the provisioner database."),
    _idle("provisioner.database.port", PORT, "Its port."),
    _idle("provisioner.database.name", TEXT, "Its name."),
    _idle("provisioner.database.user", TEXT, "Its user."),
    _idle("provisioner.database.pass", IDLE_SECRET, "Its password."),
    _idle("provisioner.queue.host", HOST, "Server of the task queue.", "tasks are in Zookeeper"),
    _idle("provisioner.queue.port", PORT, "Its port.", "tasks are in Zookeeper"),
    _idle("provisioner.queue.path", TEXT, "Its database.", "tasks are in Zookeeper"),
    _idle("provisioner.ceph_cluster.storage_hosts", several(HOST), "Ceph monitors."),
    _idle("provisioner.ceph_cluster.storage_domain", TEXT, "Domain of their names."),
    _idle("provisioner.ceph_cluster.ceph_monitor_port", PORT, "Their port."),
    _idle("provisioner.ceph_cluster.ceph_storage_secret_uuid", TEXT, "libvirt's secret for Ceph."),
)
