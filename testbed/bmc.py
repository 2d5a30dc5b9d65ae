"""A BMC for every node: `ipmi_sim`, on an address of its own, outside the node.

It runs from the node image, so that nothing of it is installed on the host, in
the switch namespace, so that it outlives its node, and with no other privilege
than its port. What it is asked to do with the power it passes on to the power
supervisor by `bmc_hook.py`.
"""

from pathlib import Path

from testbed.cgroup import Cgroups
from testbed.commands import clean_environment, start_in_background
from testbed.settings import BMC_PASSWORD, BMC_USER, NodeSettings, Settings

MEMBER = "bmc"
PORT = 623

# $1 lower layers, $2 scratch, $3 the BMCs' directory, $4 the power directory, then ipmi_sim.
_ENTER_IMAGE = """
mount -t overlay pvc-bmc -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root" &&
mkdir -p "$2/root/run/bmc" "$2/root/run/power" &&
mount --bind "$3" "$2/root/run/bmc" && mount --bind "$4" "$2/root/run/power" &&
cd / && root=$2/root && shift 4 &&
exec chroot "$root" setpriv --bounding-set=-all,+net_bind_service --inh-caps=-all "$@"
"""

_LAN = """\
name "{name}"
set_working_mc 0x20
  startlan 1
    addr {address} {port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa1234567{index:08x}
  endlan
  chassis_control "/usr/bin/python3 -IS /run/bmc/hook.py {name}"
  user 1 true "" "test" user 10 none md2 md5 straight
  user 2 true "{user}" "{password}" admin 10 none md2 md5 straight
"""

_EMULATOR = """\
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
mc_enable 0x20
"""


def start(settings: Settings, cgroups: Cgroups, layers: list[Path]) -> None:
    """Start the BMCs of all nodes unless they run."""
    place = settings.directory / "bmc"
    place.mkdir(parents=True, exist_ok=True)
    (place / "hook.py").write_bytes(Path(__file__).with_name("bmc_hook.py").read_bytes())
    for node in settings.all_nodes():
        member = f"{MEMBER}-{node.name}"
        if not cgroups.is_populated(member):
            cgroups.remove(member)
            _write_config(node, place)
            _start_one(node, cgroups, layers)


def _write_config(node: NodeSettings, place: Path) -> None:
    (place / node.name).mkdir(exist_ok=True)
    lan = _LAN.format(
        name=node.name,
        address=node.bmc_address,
        port=PORT,
        index=node.index,
        user=BMC_USER,
        password=BMC_PASSWORD,
    )
    (place / f"{node.name}.lan").write_text(lan)
    (place / f"{node.name}.emu").write_text(_EMULATOR)


def _start_one(node: NodeSettings, cgroups: Cgroups, layers: list[Path]) -> None:
    settings = node.settings
    scratch = settings.directory / "bmc-scratch" / node.name
    for name in ("upper", "work", "root"):
        (scratch / name).mkdir(parents=True, exist_ok=True)
    lower = ":".join(str(layer) for layer in layers)
    places = [lower, str(scratch), f"{settings.directory}/bmc", f"{settings.directory}/power"]
    files = ["-c", f"/run/bmc/{node.name}.lan", "-f", f"/run/bmc/{node.name}.emu"]
    simulator = ["/usr/bin/ipmi_sim", *files, "-s", f"/run/bmc/{node.name}", "-n"]
    enter = ["nsenter", f"--net=/run/netns/{settings.switch}"]
    enter += ["unshare", "--mount", "--propagation", "slave", "/bin/sh", "-c", _ENTER_IMAGE, "sh"]
    start_in_background(
        cgroups.command(f"{MEMBER}-{node.name}", [*enter, *places, *simulator]),
        log=settings.directory / "bmc" / f"{node.name}.log",
        env=clean_environment(),
    )
