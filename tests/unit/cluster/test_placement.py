"""Which node a VM goes to."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.model.node import DomainState, WantedDomainState
from cluster.model.vm import Selector
from cluster.placement import (
    Candidate,
    Placement,
    Request,
    in_order,
    place,
    why_not,
    with_arrival,
)

READY = Candidate(
    name="hv1",
    is_alive=True,
    domain_state=DomainState.READY,
    wanted_domain_state=WantedDomainState.READY,
    memory_total_mb=32_000,
    memory_free_mb=16_000,
    memory_provisioned_mb=8_000,
    vcpus_allocated=4,
    vms_running=4,
    cpu_count=8,
    load=2.0,
)
VM = Request(vm="www", memory_mb=1000, vcpus=2)


def node(name: str, **fields: object) -> Candidate:
    return replace(READY, name=name, **fields)  # type: ignore[arg-type]


def place_all(requests: Iterable[Request], nodes: Iterable[Candidate]) -> dict[str, Placement]:
    """One after the other, as a flush does it: each counts what was placed before."""
    places = {one.name: one for one in nodes}
    found = {}
    for request in in_order(requests):
        found[request.vm] = answer = place(request, places.values())
        if answer.node is not None:
            places[answer.node] = with_arrival(places[answer.node], request)
    return found


@pytest.mark.parametrize(
    ("selector", "better"),
    [
        (Selector.MEM, {"memory_free_mb": 16_001}),
        (Selector.MEMPROV, {"memory_provisioned_mb": 7_999}),
        (Selector.MEMPROV, {"memory_total_mb": 64_000}),
        (Selector.LOAD, {"load": 1.9}),
        (Selector.LOAD, {"cpu_count": 9}),
        (Selector.VCPUS, {"vcpus_allocated": 3}),
        (Selector.VCPUS, {"cpu_count": 9}),
        (Selector.VMS, {"vms_running": 3}),
    ],
)
def test_each_selector_takes_the_node_that_is_better_by_it(
    selector: Selector, better: dict[str, object]
) -> None:
    nodes = [node("hv1"), node("hv2", **better), node("hv3")]
    assert place(replace(VM, selector=selector), nodes).node == "hv2"
    assert place(VM, nodes, default=selector).node == "hv2"
    assert place(replace(VM, selector=selector), [node("hv3"), node("hv1")]).node == "hv1"


def test_without_any_selector_memory_counts() -> None:
    nodes = [node("hv1", load=0.0), node("hv2", memory_free_mb=17_000)]
    assert place(VM, nodes, default=Selector.NONE).node == "hv2"


def test_what_is_on_its_way_counts() -> None:
    for selector in Selector:
        if selector is not Selector.MEMPROV:
            busy = node("hv1", arriving_mb=1, arriving_vcpus=1, arriving_vms=1)
            assert place(replace(VM, selector=selector), [busy, node("hv2")]).node == "hv2"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"is_alive": False}, "its daemon does not run"),
        ({"domain_state": DomainState.UNFLUSH}, "its domain state is unflush, not ready"),
        ({"domain_state": None}, "its domain state is unknown, not ready"),
        (
            {"wanted_domain_state": WantedDomainState.FLUSHED},
            "it is to be flushed; make it ready first",
        ),
        (
            {"memory_free_mb": 1_500},
            "1000 MiB do not fit (1500 MiB free, 1000 MiB kept for the node)",
        ),
        (
            {"memory_free_mb": 2_500, "arriving_mb": 501},
            "1000 MiB do not fit (2500 MiB free, 501 MiB for VMs on their way there, "
            "1000 MiB kept for the node)",
        ),
    ],
)
def test_a_node_that_is_not_fit(fields: dict[str, object], why: str) -> None:
    answer = place(VM, [node("hv1", **fields)])
    assert (answer.node, answer.refused) == (None, {"hv1": why})


def test_a_refusal_names_every_node() -> None:
    request = replace(VM, on="hv1", excluded=frozenset({"hv2"}), node_limit=("hv1", "hv2", "hv4"))
    nodes = [node("hv1"), node("hv2"), node("hv3"), node("hv4", is_alive=False)]
    assert place(request, nodes).explanation == (
        "hv1: it is there now; hv2: it is excluded; "
        "hv3: the VM may only be on hv1, hv2, hv4; hv4: its daemon does not run"
    )
    assert place(request, []).explanation == "there are no nodes"


def test_a_vm_just_fits() -> None:
    exact = node("hv1", memory_free_mb=2_500, arriving_mb=500)
    assert place(VM, [exact]).node == "hv1"
    assert place(replace(VM, memory_mb=1001), [exact]).node is None
    assert place(replace(VM, memory_mb=0), [node("hv1", memory_free_mb=0)]).node == "hv1"


def test_a_batch_fills_nodes_evenly_and_the_largest_goes_first() -> None:
    small = [Request(vm=f"s{i}", memory_mb=2_000) for i in range(4)]
    large = Request(vm="large", memory_mb=14_000)
    found = place_all([*small, large], [node("hv1"), node("hv2")])
    assert found["large"].node == "hv1"
    assert {found[f"s{i}"].node for i in range(4)} == {"hv2"}
    assert next(iter(found)) == "large"


def test_one_without_a_place_takes_none_from_the_others() -> None:
    found = place_all([Request(vm="huge", memory_mb=99_000), VM], [READY])
    assert (found["huge"].node, found["www"].node) == (None, "hv1")


CANDIDATES = st.lists(
    st.builds(
        Candidate,
        name=st.sampled_from(["hv1", "hv2", "hv3", "hv4"]),
        is_alive=st.booleans(),
        domain_state=st.sampled_from([DomainState.READY, DomainState.FLUSH, None]),
        wanted_domain_state=st.sampled_from(list(WantedDomainState)),
        memory_total_mb=st.integers(0, 100_000),
        memory_free_mb=st.integers(0, 100_000),
        memory_provisioned_mb=st.integers(0, 100_000),
        vcpus_allocated=st.integers(0, 64),
        vms_running=st.integers(0, 20),
        cpu_count=st.integers(0, 32),
        load=st.floats(0, 50),
        arriving_mb=st.integers(0, 20_000),
    ),
    max_size=4,
    unique_by=lambda one: one.name,
)
REQUESTS = st.lists(
    st.builds(
        Request,
        vm=st.text("abc", min_size=1, max_size=3),
        memory_mb=st.integers(1, 30_000),
        vcpus=st.integers(0, 16),
        selector=st.sampled_from(list(Selector)),
        node_limit=st.sampled_from([(), ("hv1",), ("hv2", "hv3")]),
        on=st.sampled_from(["", "hv1"]),
    ),
    max_size=8,
    unique_by=lambda one: one.vm,
)


@given(REQUESTS, CANDIDATES)
def test_no_node_is_overfilled_and_none_unfit_is_taken(
    requests: list[Request], nodes: list[Candidate]
) -> None:
    found = place_all(requests, nodes)
    assert set(found) == {request.vm for request in requests}
    by_name = {one.name: one for one in nodes}
    given_out = dict.fromkeys(by_name, 0)
    for request in requests:
        answer = found[request.vm]
        if answer.node is None:
            assert set(answer.refused) == set(by_name)
            assert all(answer.refused.values())
        else:
            assert not why_not(request, by_name[answer.node])
            given_out[answer.node] += request.memory_mb
    assert all(given_out[name] <= max(0, one.room_mb) for name, one in by_name.items())


@given(REQUESTS, CANDIDATES)
def test_the_order_of_the_question_does_not_matter(
    requests: list[Request], nodes: list[Candidate]
) -> None:
    assert place_all(requests, nodes) == place_all(requests[::-1], nodes[::-1])
    assert list(in_order(requests)) == list(in_order(requests[::-1]))
