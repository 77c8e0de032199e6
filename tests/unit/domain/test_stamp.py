from uuid import UUID

import pytest

from watchkeep.domain.errors import DataLoss
from watchkeep.domain.stamp import Stamp, Standing, compare_stamps, parse_stamp

ONE, OTHER = UUID(int=1), UUID(int=2)


def test_a_stamp_reads_as_it_was_written() -> None:
    stamp = Stamp(ONE, 41).following()

    assert parse_stamp(f"{stamp.encode()}\n", "here") == Stamp(ONE, 42)


@pytest.mark.parametrize("text", ["", "42", "x 42", f"{ONE} many", f"{ONE} 1 2"])
def test_what_is_no_stamp_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(DataLoss, match="the stamp in here is damaged"):
        parse_stamp(text, "here")


@pytest.mark.parametrize(
    ("catalog", "volume", "standing"),
    [
        (None, None, Standing.UNSTAMPED),
        (Stamp(ONE, 9), None, Standing.UNSTAMPED),
        (None, Stamp(ONE, 9), Standing.EMPTY),
        (Stamp(OTHER, 9), Stamp(ONE, 9), Standing.OTHER),
        (Stamp(ONE, 8), Stamp(ONE, 9), Standing.OLDER),
        (Stamp(ONE, 9), Stamp(ONE, 9), Standing.KNOWN),
        (Stamp(ONE, 10), Stamp(ONE, 9), Standing.KNOWN),
    ],
)
def test_a_catalog_is_doubted_unless_it_is_as_new_as_the_volume(
    catalog: Stamp | None, volume: Stamp | None, standing: Standing
) -> None:
    assert compare_stamps(catalog=catalog, volume=volume) is standing
