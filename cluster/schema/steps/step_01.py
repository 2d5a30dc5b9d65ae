"""Schema 1: nodes have SR-IOV functions."""

from typing import Final

from cluster.schema.steps.adding import adding

STEP: Final = adding(
    1,
    "SR-IOV functions of nodes",
    "node.sriov",
    "node.sriov.pfs",
    "node.sriov.pf.mtu",
    "node.sriov.pf.vf_count",
    "node.sriov.vfs",
    "node.sriov.vf.pf",
    "node.sriov.vf.mtu",
    "node.sriov.vf.mac",
    "node.sriov.vf.phy_mac",
    "node.sriov.vf.config",
    "node.sriov.vf.vlan_id",
    "node.sriov.vf.vlan_qos",
    "node.sriov.vf.tx_rate_min",
    "node.sriov.vf.tx_rate_max",
    "node.sriov.vf.spoof_check",
    "node.sriov.vf.trust",
    "node.sriov.vf.query_rss",
    "node.sriov.vf.link_state",
    "node.sriov.vf.pci",
    "node.sriov.vf.pci.domain",
    "node.sriov.vf.pci.bus",
    "node.sriov.vf.pci.slot",
    "node.sriov.vf.pci.function",
    "node.sriov.vf.used",
    "node.sriov.vf.used_by",
)
