"""What the keeper says of its clock and of the room that there is; proofs of what it deleted."""

from watchkeep.application.asking import INSTALLATION, Asking, asked, require
from watchkeep.application.house import House
from watchkeep.domain.access import Action
from watchkeep.domain.certificate import SignedCertificate
from watchkeep.domain.pressure import KeeperState
from watchkeep.lifecycle import certifier
from watchkeep.lifecycle.certifier import Verified
from watchkeep.storage.catalog import keeping
from watchkeep.storage.encryption.signing import Signer


def read_state(house: House, asking: Asking) -> KeeperState | None:
    """What the keeper last said; None before its first word.

    Raises:
        Forbidden: The asker may not see the installation's status.
    """
    require(house, asking, Action.SEE_STATUS, INSTALLATION)
    with house.catalog.transaction(asking.subject.name) as conn:
        return keeping.state(conn)


def trust_clock(house: House, asking: Asking) -> None:
    """Say that the clock is right, so that the keeper goes on deleting by it; holds for an hour or one sweep.

    Raises:
        Forbidden: The asker may not configure the installation.
    """
    with asked(house, asking, Action.CONFIGURE, INSTALLATION, word="trust clock") as (conn, deed):
        state = keeping.state(conn)
        deed.facts["doubt"] = "none" if state is None else state.doubt or "none"
        keeping.trust(conn, house.clock.now())


def verify_certificates(house: House, asking: Asking) -> Verified:
    """Check every certificate of deletion against the chain and the installation's own key.

    Raises:
        Forbidden: The asker may not read the audit.
        Tampered: One was changed, taken out or put in.
    """
    require(house, asking, Action.READ_AUDIT, INSTALLATION)
    public_key = Signer(house.keystore.derive(certifier.PURPOSE)).public_key
    with house.catalog.transaction(asking.subject.name) as conn:
        return certifier.verify(conn, public_key=public_key)


def list_certificates(house: House, asking: Asking, *, first: int, limit: int) -> list[SignedCertificate]:
    """Certificates in their order, from one on.

    Raises:
        Forbidden: The asker may not read the audit.
    """
    require(house, asking, Action.READ_AUDIT, INSTALLATION)
    with house.catalog.transaction(asking.subject.name) as conn:
        return keeping.certificate_page(conn, first=first, limit=limit)
