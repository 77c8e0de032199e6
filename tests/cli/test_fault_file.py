import json
from pathlib import Path

import pytest

from watchkeep.cli.fault_file import read_faults
from watchkeep.domain.errors import Invalid
from watchkeep.sources.simulator.faults import (
    Description,
    OfferedSignIn,
    SignInScheme,
    Stall,
    WrongDescription,
)


def test_a_script_holds_faults_with_their_fields(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    path.write_text(
        json.dumps(
            [
                {"fault": "Stall", "stream": "door", "start_s": 10, "length_s": 5},
                {"fault": "WrongDescription", "form": "huge"},
                {"fault": "OfferedSignIn", "schemes": ["digest_sha256", "basic"]},
            ]
        )
    )

    assert read_faults(path) == (
        Stall(stream="door", start_s=10.0, length_s=5.0),
        WrongDescription(form=Description.HUGE),
        OfferedSignIn(schemes=(SignInScheme.DIGEST_SHA256, SignInScheme.BASIC)),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "no JSON"),
        ("{}", "no list"),
        ("[1]", "fault 1"),
        ('[{"fault": "Stall"}, {"fault": "Explosion"}]', "fault 2.*Stall"),
        ('[{"fault": "Stall", "strem": "door"}]', "has no strem"),
        ('[{"fault": "Loss"}]', "share"),
        ('[{"fault": "Loss", "share": "much"}]', "share"),
        ('[{"fault": "WrongDescription", "form": "ugly"}]', "form"),
    ],
)
def test_what_is_wrong_with_a_script_is_said(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "faults.json"
    path.write_text(text)

    with pytest.raises(Invalid, match=said):
        read_faults(path)
