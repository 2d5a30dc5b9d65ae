"""What is installed in a node; a new need is a new group here and nothing else."""

GROUPS: dict[str, tuple[str, ...]] = {
    "system": (
        "systemd",
        "systemd-sysv",
        "dbus",
        "libpam-systemd",
        "kmod",
        "procps",
        "ca-certificates",
        "curl",
        "netbase",
    ),
    "zookeeper": ("zookeeperd", "default-jre-headless"),
    "web": ("nginx-light",),
    "network": ("iproute2", "iputils-ping", "ethtool", "tcpdump", "nftables"),
    # openipmi is the simulated BMC itself; it runs outside the nodes but from their image.
    "bmc": ("ipmitool", "openipmi"),
    "python": ("python3", "python3-venv"),
}

# Units that make no sense in a machine without hardware, or that would act on the host.
# sys-kernel-debug.mount matters most: a node would mount the host's debugfs writable.
MASKED_UNITS = (
    "apt-daily.service",
    "apt-daily.timer",
    "apt-daily-upgrade.service",
    "apt-daily-upgrade.timer",
    "console-getty.service",
    "dev-hugepages.mount",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty-static.service",
    "getty@tty1.service",
    "ipmievd.service",
    "logrotate.timer",
    "networking.service",
    "openipmi.service",
    "proc-sys-fs-binfmt_misc.automount",
    "proc-sys-fs-binfmt_misc.mount",
    "serial-getty@ttyS0.service",
    "sys-fs-fuse-connections.mount",
    "sys-kernel-config.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-binfmt.service",
    "systemd-firstboot.service",
    "systemd-machine-id-commit.service",
    "systemd-modules-load.service",
    "systemd-networkd.service",
    "systemd-networkd.socket",
    "systemd-pstore.service",
    "systemd-random-seed.service",
    "systemd-resolved.service",
    "systemd-rfkill.socket",
    "systemd-sysctl.service",
    "systemd-timesyncd.service",
    "systemd-tmpfiles-clean.timer",
    "systemd-udevd.service",
    "systemd-udevd-control.socket",
    "systemd-udevd-kernel.socket",
    "systemd-udev-settle.service",
    "systemd-udev-trigger.service",
    "systemd-update-utmp.service",
    "systemd-update-utmp-runlevel.service",
)


def all_packages() -> list[str]:
    """Return the packages of all groups."""
    return sorted({name for group in GROUPS.values() for name in group})
