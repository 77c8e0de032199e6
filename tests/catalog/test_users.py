"""Accounts, grants, sessions and failed sign-ins."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from catalog_rows import FRONT, SITE, START, YARD
from watchkeep.domain.access import ADMINISTRATOR, VIEWER, Action, Grant, Role
from watchkeep.domain.camera import Secret
from watchkeep.domain.errors import Conflict, NotFound
from watchkeep.domain.ids import UserId
from watchkeep.storage.catalog import cameras, sessions, users
from watchkeep.storage.catalog.cameras import SealedCamera, Site
from watchkeep.storage.catalog.connection import Catalog, Connection
from watchkeep.storage.catalog.users import Account

ADA = UserId(UUID(int=0xADA))
BOB = UserId(UUID(int=0xB0B))
HASH = Secret("$argon2id$v=19$…")
TOKEN = bytes(range(32))
MINUTE = timedelta(minutes=1)


@pytest.fixture
def house(catalog: Catalog) -> Catalog:
    with catalog.transaction() as connection:
        cameras.put_site(connection, Site(id=SITE, name="Home", zone="UTC"))
        for camera in (FRONT, YARD):
            cameras.insert_camera(
                connection,
                SealedCamera(
                    id=camera,
                    site=SITE,
                    name=camera,
                    is_enabled=True,
                    retention_days=30,
                    streams=(),
                    created_at=START,
                ),
            )
        users.insert_account(connection, user=ADA, name="Ada", password_hash=HASH, at=START)
    return catalog


def signed_in(connection: Connection) -> None:
    sessions.open_session(connection, token_digest=TOKEN, user=ADA, address="192.0.2.7", at=START)


def test_an_account_comes_back_with_its_grants(house: Catalog) -> None:
    night = Role("night watch", frozenset({Action.VIEW_LIVE, Action.HOLD}), False)
    grants = (Grant(ADMINISTRATOR, None), Grant(night, frozenset({FRONT, YARD})), Grant(VIEWER, frozenset()))
    with house.transaction() as connection:
        users.insert_role(connection, night)
        users.set_grants(connection, ADA, grants)

        expected = Account(id=ADA, name="Ada", is_enabled=True, created_at=START, grants=grants)
        assert users.get_account(connection, ADA) == expected
        assert users.find_account(connection, "aDA") == expected
        assert users.list_accounts(connection) == [expected]


def test_names_are_unique_whatever_their_case(house: Catalog) -> None:
    with house.transaction() as connection:
        with pytest.raises(Conflict):
            users.insert_account(connection, user=BOB, name="ADA", password_hash=HASH, at=START)
        users.insert_account(connection, user=BOB, name="bob", password_hash=HASH, at=START)
        with pytest.raises(Conflict):
            users.rename_account(connection, BOB, "ada")
        users.rename_account(connection, BOB, "robert")
        assert users.get_account(connection, BOB).name == "robert"


def test_a_removed_account_is_gone_and_its_name_is_free(house: Catalog) -> None:
    with house.transaction() as connection:
        users.set_grants(connection, ADA, [Grant(ADMINISTRATOR, None)])
        signed_in(connection)
        users.remove_account(connection, ADA, at=START + MINUTE)

        assert users.list_accounts(connection) == []
        assert users.password_hash(connection, ADA) is None
        assert users.users_of_role(connection, "administrator") == []
        assert sessions.session_user(connection, TOKEN, now=START + MINUTE) is None
        with pytest.raises(NotFound):
            users.get_account(connection, ADA)
        users.insert_account(connection, user=BOB, name="Ada", password_hash=HASH, at=START)


def test_a_disabled_account_neither_signs_in_nor_stays(house: Catalog) -> None:
    with house.transaction() as connection:
        signed_in(connection)
        users.set_enabled(connection, ADA, is_enabled=False)
        assert users.password_hash(connection, ADA) is None
        assert sessions.session_user(connection, TOKEN, now=START) is None
        users.set_enabled(connection, ADA, is_enabled=True)
        kept = users.password_hash(connection, ADA)
        assert kept is not None
        assert kept.reveal() == HASH.reveal()


def test_what_does_not_exist_cannot_be_granted(house: Catalog) -> None:
    with house.transaction() as connection:
        users.set_grants(connection, ADA, [Grant(VIEWER, frozenset({FRONT}))])
        with pytest.raises(NotFound):
            users.set_grants(connection, ADA, [Grant(Role("ghost", frozenset(), False), None)])
        with pytest.raises(NotFound):
            users.set_grants(connection, ADA, [Grant(VIEWER, frozenset({replace_camera()}))])

        assert users.get_account(connection, ADA).grants == (Grant(VIEWER, frozenset({FRONT})),)


def replace_camera() -> "cameras.CameraId":
    return cameras.CameraId("nowhere")


def test_presets_mean_what_the_program_says_and_stay(house: Catalog) -> None:
    with house.transaction() as connection:
        found = {role.name: role for role in users.list_roles(connection)}
        assert found["administrator"] == ADMINISTRATOR
        assert found["viewer"] == VIEWER
        with pytest.raises(Conflict):
            users.update_role(connection, replace(VIEWER, actions=frozenset(Action)))
        with pytest.raises(Conflict):
            users.remove_role(connection, "viewer")
        with pytest.raises(Conflict):
            users.insert_role(connection, VIEWER)


def test_a_role_that_somebody_holds_stays(house: Catalog) -> None:
    guard = Role("guard", frozenset({Action.VIEW_LIVE}), False)
    with house.transaction() as connection:
        users.insert_role(connection, guard)
        users.set_grants(connection, ADA, [Grant(guard, None)])
        with pytest.raises(Conflict):
            users.remove_role(connection, "guard")
        users.update_role(connection, replace(guard, actions=frozenset({Action.EXPORT})))
        assert users.get_account(connection, ADA).grants[0].role.actions == {Action.EXPORT}
        users.set_grants(connection, ADA, [])
        users.remove_role(connection, "guard")


def test_a_session_lives_while_it_is_used_but_never_twelve_hours(house: Catalog) -> None:
    with house.transaction() as connection:
        signed_in(connection)
        now = START
        for _ in range(36):  # 12 hours in steps of 20 minutes
            now += 20 * MINUTE
            if now < START + timedelta(hours=12):
                assert sessions.session_user(connection, TOKEN, now=now) == ADA
        assert sessions.session_user(connection, TOKEN, now=now) is None
        assert sessions.session_user(connection, bytes(32), now=START) is None


def test_an_idle_session_ends(house: Catalog) -> None:
    with house.transaction() as connection:
        signed_in(connection)
        assert sessions.session_user(connection, TOKEN, now=START + 29 * MINUTE) == ADA
        assert sessions.session_user(connection, TOKEN, now=START + 59 * MINUTE) is None
        assert sessions.forget_sessions(connection, now=START + 59 * MINUTE) == 1


def test_signing_out_everywhere_can_spare_one_session(house: Catalog) -> None:
    other = bytes(31) + b"\x01"
    with house.transaction() as connection:
        signed_in(connection)
        sessions.open_session(connection, token_digest=other, user=ADA, address="", at=START)
        assert sessions.close_sessions_of(connection, ADA, but=other) == 1
        assert sessions.session_user(connection, other, now=START) == ADA
        assert sessions.close_sessions_of(connection, ADA) == 1


def test_failures_are_counted_until_a_quiet_time(house: Catalog) -> None:
    quiet = 60 * MINUTE

    def count(connection: Connection, minutes: int) -> int:
        return sessions.count_attempt(connection, "account:ada", at=START + minutes * MINUTE, quiet=quiet)

    with house.transaction() as connection:
        assert [count(connection, minutes) for minutes in (0, 1, 30)] == [1, 2, 3]
        found = sessions.attempts(connection, ["account:ada", "address:192.0.2.7"])
        assert {key: part.failures for key, part in found.items()} == {"account:ada": 3}
        assert found["account:ada"].last_at == START + 30 * MINUTE
        assert count(connection, 91) == 1
        sessions.clear_attempts(connection, ["account:ada"])
        assert sessions.attempts(connection, ["account:ada"]) == {}
