"""The layers of one run in a group of the layer tree, the most important one on top.

QGIS adds each where the active layer is, in any order, so that a raster of shares would hide the
map that it belongs to. The QGIS that we begin with knows no groups of results; so nodes are moved
when all of them are there, as when they are dragged.
"""

from __future__ import annotations

from qgis.core import QgsLayerTreeGroup, QgsLayerTreeNode, QgsProject

_OURS = "lulc/run"  # marks the groups that are made here


class RunGroup:
    """The layers of one run.

    Args:
        title: of the group.
        names: outputs that are going to be loaded, in the order of the layer tree.
    """

    def __init__(self, title: str, names: list[str]) -> None:
        self._title, self._names = title, names
        self._layer_ids: dict[str, str] = {}

    def add(self, name: str, layer_id: str) -> None:
        """Take the layer of an output; those of a failed output never come."""
        self._layer_ids[name] = layer_id

    def arrange(self) -> None:
        """Put the layers into the group if all have come; nothing happens the second time."""
        if len(self._layer_ids) < len(self._names):
            return
        arrange(self._title, [self._layer_ids[name] for name in self._names])
        self._layer_ids = {}


def arrange(title: str, layer_ids: list[str]) -> None:
    """Put layers into a new group, where the uppermost of them is.

    A single layer gets no group. None is put into a group of another run, where QGIS puts what is
    new while a layer of it is active.
    """
    root = QgsProject.instance().layerTreeRoot()
    nodes = [node for node in map(root.findLayer, layer_ids) if node is not None]
    if not nodes:
        return
    top = nodes[0].layerId()
    parent, place = _free_place(nodes)
    if len(nodes) > 1:
        group = parent.insertGroup(place, title)
        group.setCustomProperty(_OURS, True)
        for node in nodes:
            _move(node, group, len(group.children()))
    elif nodes[0].parent() is not parent:
        _move(nodes[0], parent, place)
    _activate(top)


def _activate(layer_id: str) -> None:
    """Make a layer the active one, above which QGIS adds the next; that it was moved undid that."""
    from qgis.utils import iface  # not at the top: it changes how Python imports

    if iface is not None:
        iface.setActiveLayer(QgsProject.instance().mapLayer(layer_id))


def _free_place(nodes: list[QgsLayerTreeNode]) -> tuple[QgsLayerTreeGroup, int]:
    """Return the uppermost place of some nodes that is not in a group of another run."""
    parent = nodes[0].parent()
    children = parent.children()
    place = min(children.index(node) for node in nodes if node in children)
    while parent.customProperty(_OURS) and parent.parent() is not None:
        place = parent.parent().children().index(parent)
        parent = parent.parent()
    return parent, place


def _move(node: QgsLayerTreeNode, group: QgsLayerTreeGroup, place: int) -> None:
    """Move a node; its copy comes first, since a layer without a node leaves the project."""
    group.insertChildNode(place, node.clone())
    node.parent().removeChildNode(node)
