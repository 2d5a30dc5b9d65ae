"""XML texts to elements and back, safe against what a stranger may send; pure.

Invariants: nothing is ever expanded, fetched or nested without limit; whatever cannot be read is
`Invalid`, never another error; comments and elements nobody here knows survive, with their
namespaces' prefixes.
"""

from typing import Final
from xml.etree import ElementTree

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from runtime.errors import Invalid

Element = ElementTree.Element

MOST_BYTES: Final = 256 * 1024
_DEEPEST: Final = 64
_XML_NAMESPACE: Final = "http://www.w3.org/XML/1998/namespace"


def parse(xml: str) -> Element:
    """Return the root element of a text; raises `Invalid`."""
    _check_size(xml)
    parser = DefusedXMLParser(target=_Builder(), forbid_dtd=True)
    try:
        parser.feed(xml)
        root = parser.close()
    except ElementTree.ParseError as error:
        raise Invalid(f"this is no XML: {error}") from error
    except DefusedXmlException as error:
        raise Invalid("XML with a DOCTYPE or entities of its own is not accepted") from error
    except ValueError as error:
        raise Invalid(f"this cannot be read as XML: {error}") from error
    if not isinstance(root, Element):
        raise Invalid("this is no XML: it has no element")
    return root


def parse_domain(xml: str) -> Element:
    """Return the root of a VM's definition; raises `Invalid` when it is none."""
    root = parse(xml)
    if root.tag != "domain":
        raise Invalid(f"<{root.tag}> is no definition of a VM: its root must be <domain>")
    return root


def render(root: Element) -> str:
    """Return an element as text: the same bytes for the same content."""
    ElementTree.indent(root, "  ")
    root.tail = None
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _check_size(xml: str) -> None:
    size = len(xml.encode("utf-8", "replace"))
    if size > MOST_BYTES:
        raise Invalid(
            f"the XML has {size} bytes; at most {MOST_BYTES} are accepted", size_bytes=size
        )


class _Builder(ElementTree.TreeBuilder):
    """Builds elements whose names are written as in the text: `qemu:arg`, not `{uri}arg`."""

    def __init__(self) -> None:
        super().__init__(insert_comments=True, insert_pis=True)
        self._declared: list[tuple[str, str]] = [("xml", _XML_NAMESPACE)]
        self._new: dict[str, str] = {}
        self._depth = 0

    def start_ns(self, prefix: str, uri: str) -> None:
        """Note a namespace that the next element declares."""
        self._declared.append((prefix, uri))
        self._new[f"xmlns:{prefix}" if prefix else "xmlns"] = uri

    def end_ns(self, _prefix: str) -> None:
        """Forget a namespace whose element has ended."""
        self._declared.pop()

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        """Begin an element."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Invalid(f"the XML is nested more than {_DEEPEST} elements deep")
        written = {self._written(name, is_attribute=True): value for name, value in attrs.items()}
        declared, self._new = self._new, {}
        return super().start(self._written(tag, is_attribute=False), declared | written)

    def data(self, data: str, /) -> None:
        """Add text; a carriage return written as a reference would not survive as it is."""
        super().data(data.replace("\r", "\n"))

    def end(self, tag: str, /) -> Element:
        """End an element."""
        self._depth -= 1
        return super().end(tag)

    def _written(self, name: str, *, is_attribute: bool) -> str:
        if not name.startswith("{"):
            return name
        uri, _, local = name[1:].rpartition("}")
        for prefix, known in reversed(self._declared):
            if known == uri and (prefix or not is_attribute):
                return f"{prefix}:{local}" if prefix else local
        return local
