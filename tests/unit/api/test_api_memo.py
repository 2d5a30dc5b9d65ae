"""Records are parsed once per change, and never older than the tree."""

from api.memo import Listing, Memo
from cluster.records.view import DictView, TreeView


class Counting:
    """Reads `/a/<name>` and the names below it; counts how often."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, view: TreeView, name: str) -> tuple[bytes | None, list[str]]:
        self.count += 1
        return view.get(f"/a/{name}"), list(view.children(f"/a/{name}") or ())


def test_parsed_once_until_a_key_changes() -> None:
    read = Counting()
    memo = Memo(read)
    assert memo.get(DictView({"/a/x": b"1"}), "x") == (b"1", [])
    assert memo.get(DictView({"/a/x": b"1", "/a/y": b"7"}), "x") == (b"1", [])
    assert read.count == 1
    assert memo.get(DictView({"/a/x": b"2"}), "x") == (b"2", [])
    assert memo.get(DictView({}), "x") == (None, [])
    assert read.count == 3


def test_parsed_again_when_names_change() -> None:
    memo = Memo(Counting())
    assert memo.get(DictView({"/a/x": b"", "/a/x/k": b""}), "x") == (b"", ["k"])
    assert memo.get(DictView({"/a/x": b"", "/a/x/k": b"", "/a/x/l": b""}), "x")[1] == ["k", "l"]
    assert memo.get(DictView({"/a/x": b""}), "x")[1] == []


def test_what_is_gone_is_forgotten_and_read_anew() -> None:
    read = Counting()
    memo = Memo(read)
    both = DictView({"/a/x": b"1", "/a/y": b"2"})
    assert len(memo.get_all(both, ["x", "y"])) == 2
    assert memo.get_all(both, ["y"]) == [(b"2", [])]
    memo.get_all(both, ["x", "y"])
    assert read.count == 3


def test_a_list_is_looked_through_only_at_a_new_revision() -> None:
    def read(view: TreeView, name: str) -> bytes | None:
        return view.get(f"/a/{name}")

    listing = Listing("/a", read, lambda data: data)
    tree = {"/a": b"", "/a/x": b"2", "/a/y": b"1"}
    first = listing.get(DictView(tree), 1)
    assert first == (b"1", b"2")
    assert listing.get(DictView({}), 1) is first
    assert listing.get(DictView(dict(tree)), 2) is first
    assert listing.get(DictView({**tree, "/a/x": b"0"}), 3) == (b"0", b"1")
    assert listing.get(DictView({}), 4) == ()
