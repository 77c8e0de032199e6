"""Five kills in every run; fifty by `make test-kill`, two hundred of four cameras by `make soak-kill`."""

import os
from pathlib import Path

import pytest

from system.kill_drill import run_drill

KILLS = int(os.environ.get("WATCHKEEP_KILLS", "5"))
CAMERAS = int(os.environ.get("WATCHKEEP_CAMERAS", "2"))


@pytest.mark.slow
@pytest.mark.timeout(KILLS * 30 + 240)
def test_a_killed_recorder_loses_at_most_a_second_and_records_again_within_ten(tmp_path: Path) -> None:
    seed = int(os.environ.get("WATCHKEEP_SEED", "20261125"))

    damage = run_drill(tmp_path, kills=KILLS, seed=seed, cameras=CAMERAS)

    losses = sorted(kill.lost_s for kill in damage.kills)
    returns = sorted(kill.back_after_s for kill in damage.kills)
    print(
        f"seed {seed}: {KILLS} kills, {CAMERAS} cameras; lost at most {losses[-1]:.2f} s (median "
        f"{losses[len(losses) // 2]:.2f}); back after at most {returns[-1]:.2f} s "
        f"(median {returns[len(returns) // 2]:.2f}); unreadable {len(damage.unreadable)}; "
        f"faults {len(damage.faults)}"
    )
    assert damage.unreadable == []
    assert damage.faults == []
    assert losses[-1] <= 1.0
    assert returns[-1] <= 10.0
