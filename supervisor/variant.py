"""What of a root may be another thing in a test: its workers, how they are started, its store."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from runtime.config.node import NodeConfig
from supervisor.patience import Patience
from supervisor.process import Launcher, SpawnLauncher
from supervisor.schema_keeper import OpenStore, open_zookeeper
from supervisor.schema_plan import SchemaPatience
from workers.catalogue import CATALOGUE
from workers.spec import WorkerSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """The defaults are the product."""

    catalogue: Sequence[WorkerSpec] = CATALOGUE
    launcher: Launcher = field(default_factory=SpawnLauncher)
    open_store: OpenStore = open_zookeeper
    patience: Patience = field(default_factory=Patience)
    adjust: Callable[[NodeConfig], NodeConfig] = lambda config: config
    """The file knows no other state directory than the product's."""
    schema_patience: SchemaPatience = field(default_factory=SchemaPatience)
