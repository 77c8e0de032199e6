"""Who proves a node's deletions."""

from watchkeep.lifecycle.certifier import PURPOSE, Certifier
from watchkeep.runtime.wiring import Node
from watchkeep.storage.encryption.signing import Signer


def certifier_of(node: Node) -> Certifier:
    """A certifier with the node's own key; all of them write one chain."""
    return Certifier(Signer(node.keystore.derive(PURPOSE)), node.machine.clock)
