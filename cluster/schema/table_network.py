"""Keys of client networks and of SR-IOV; the same from the earlier layouts on."""

from typing import Final

from cluster.schema.key import Form, Key, Writer


def _net(
    name: str,
    path: str,
    about: str,
    *,
    form: Form = Form.TEXT,
    writer: Writer = Writer.ORDER,
    since: int = 0,
    default: str = "",
) -> Key:
    return Key(
        name=f"network{name}",
        path=f"/networks/{{vni}}{path}",
        form=form,
        writer=writer,
        about=about,
        since=since,
        default=default,
    )


def _parent(name: str, path: str, about: str) -> Key:
    return _net(name, path, about, form=Form.EMPTY, writer=Writer.NOBODY)


def _lease(name: str, path: str, about: str, form: Form = Form.TEXT) -> Key:
    return _net(
        f".lease{name}", f"/dhcp4_leases/{{mac}}{path}", about, form=form, writer=Writer.ROUTER
    )


NETWORK_KEYS: Final[tuple[Key, ...]] = (
    Key(
        name="networks",
        path="/networks",
        form=Form.EMPTY,
        writer=Writer.NOBODY,
        since=0,
        about="Parent of the client networks, which are named by their number.",
    ),
    _net("", "", "Its description."),
    _net(".type", "/nettype", "managed or bridged."),
    _net(".mtu", "/mtu", "Its MTU; empty: the largest possible.", form=Form.INTEGER, since=6),
    _net(".domain", "/domain", "Its DNS domain."),
    _net(".nameservers", "/name_servers", "Addresses joined by commas."),
    _net(".ip6.network", "/ip6_network", "Its IPv6 prefix."),
    _net(".ip6.gateway", "/ip6_gateway", "Its IPv6 gateway address."),
    _net(".ip6.dhcp", "/dhcp6_flag", "Whether DHCPv6 is served.", form=Form.FLAG),
    _net(".ip4.network", "/ip4_network", "Its IPv4 prefix."),
    _net(".ip4.gateway", "/ip4_gateway", "Its IPv4 gateway address."),
    _net(".ip4.dhcp", "/dhcp4_flag", "Whether DHCPv4 is served.", form=Form.FLAG),
    _net(".ip4.dhcp_start", "/dhcp4_start", "First address of the dynamic range."),
    _net(".ip4.dhcp_end", "/dhcp4_end", "Last address of the dynamic range."),
    _parent(".reservations", "/dhcp4_reservations", "Parent of the DHCP reservations."),
    _net(".reservation", "/dhcp4_reservations/{mac}", "The text `static`.", default="static"),
    _net(".reservation.ip", "/dhcp4_reservations/{mac}/ipaddr", "The reserved address."),
    _net(".reservation.hostname", "/dhcp4_reservations/{mac}/hostname", "The host's name."),
    _parent(".leases", "/dhcp4_leases", "Parent of the DHCP leases."),
    _lease("", "", "Holds nothing.", Form.EMPTY),
    _lease(".expiry", "/expiry", "When it ends, epoch seconds.", Form.INTEGER),
    _lease(".ip", "/ipaddr", "The leased address."),
    _lease(".hostname", "/hostname", "The host's name as it says."),
    _lease(".client_id", "/clientid", "The client's id, `*` if it has none."),
    _parent(".rules", "/firewall_rules", "Parent of the ACLs."),
    _parent(".rules.in", "/firewall_rules/in", "Parent of the ACLs for packets to the network."),
    _net(".rule.in", "/firewall_rules/in/{acl}", "Holds nothing.", form=Form.EMPTY),
    _net(".rule.in.order", "/firewall_rules/in/{acl}/order", "Its place.", form=Form.INTEGER),
    _net(".rule.in.rule", "/firewall_rules/in/{acl}/rule", "Body of an nftables rule."),
    _parent(
        ".rules.out", "/firewall_rules/out", "Parent of the ACLs for packets from the network."
    ),
    _net(".rule.out", "/firewall_rules/out/{acl}", "Holds nothing.", form=Form.EMPTY),
    _net(".rule.out.order", "/firewall_rules/out/{acl}/order", "Its place.", form=Form.INTEGER),
    _net(".rule.out.rule", "/firewall_rules/out/{acl}/rule", "Body of an nftables rule."),
)


def _sriov(name: str, path: str, form: Form, writer: Writer, about: str, default: str = "") -> Key:
    return Key(
        name=f"node.sriov{name}",
        path=f"/nodes/{{node}}/sriov{path}",
        form=form,
        writer=writer,
        about=about,
        since=1,
        default=default,
    )


def _vf_order(name: str, form: Form, about: str, default: str = "") -> Key:
    return _sriov(f".vf.{name}", f"/vf/{{vf}}/config/{name}", form, Writer.ORDER, about, default)


def _vf_fact(name: str, form: Form, about: str, path: str = "") -> Key:
    return _sriov(f".vf.{name}", f"/vf/{{vf}}/{path or name}", form, Writer.SRIOV, about)


SRIOV_KEYS: Final[tuple[Key, ...]] = (
    _sriov("", "", Form.EMPTY, Writer.NOBODY, "Parent of its SR-IOV functions."),
    _sriov(".pfs", "/pf", Form.EMPTY, Writer.NOBODY, "Parent of its PFs."),
    _sriov(".pf", "/pf/{pf}", Form.EMPTY, Writer.SRIOV, "A PF of its configuration."),
    _sriov(".pf.mtu", "/pf/{pf}/mtu", Form.INTEGER, Writer.SRIOV, "The PF's MTU.", "1500"),
    _sriov(".pf.vf_count", "/pf/{pf}/vfcount", Form.INTEGER, Writer.SRIOV, "How many VFs.", "0"),
    _sriov(".vfs", "/vf", Form.EMPTY, Writer.NOBODY, "Parent of its VFs."),
    _sriov(".vf", "/vf/{vf}", Form.EMPTY, Writer.SRIOV, "A VF, named `<pf>v<number>`."),
    _vf_fact("pf", Form.TEXT, "The PF it belongs to."),
    _vf_fact("mtu", Form.INTEGER, "Its MTU."),
    _vf_fact("mac", Form.TEXT, "Its MAC address now."),
    _vf_fact("phy_mac", Form.TEXT, "Its MAC address by nature."),
    _sriov(".vf.config", "/vf/{vf}/config", Form.EMPTY, Writer.NOBODY, "Parent of its settings."),
    _vf_order("vlan_id", Form.INTEGER, "VLAN its packets are put in.", "0"),
    _vf_order("vlan_qos", Form.INTEGER, "Their priority.", "0"),
    _vf_order("tx_rate_min", Form.INTEGER, "Mbit/s it is sure of.", "0"),
    _vf_order("tx_rate_max", Form.INTEGER, "Mbit/s it is limited to, 0 for no limit.", "0"),
    _vf_order("spoof_check", Form.FLAG, "Whether foreign source addresses are dropped.", "False"),
    _vf_order("trust", Form.FLAG, "Whether the guest may change its settings.", "False"),
    _vf_order("query_rss", Form.FLAG, "Whether the guest may query RSS.", "False"),
    _vf_order("link_state", Form.TEXT, "auto, enable or disable.", "auto"),
    _sriov(".vf.pci", "/vf/{vf}/pci", Form.EMPTY, Writer.NOBODY, "Parent of its PCI address."),
    _vf_fact("pci.domain", Form.TEXT, "Hexadecimal.", "pci/domain"),
    _vf_fact("pci.bus", Form.TEXT, "Hexadecimal.", "pci/bus"),
    _vf_fact("pci.slot", Form.TEXT, "Hexadecimal.", "pci/slot"),
    _vf_fact("pci.function", Form.TEXT, "Hexadecimal.", "pci/function"),
    _sriov(".vf.used", "/vf/{vf}/used", Form.FLAG, Writer.VM, "Whether a VM has it.", "False"),
    _sriov(".vf.used_by", "/vf/{vf}/used_by", Form.TEXT, Writer.VM, "UUID of that VM."),
)
