"""Loads of cameras for tests of the forecast: by hour of the week, with noise, and steps."""

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np

from watchkeep.domain.rhythm import Came
from watchkeep.domain.steps import Hourly

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
DAY_H, WEEK_H = 24, 168


def shape(hours: int, *, scale: float = 1e9, phase: int = 0) -> Hourly:
    """Bytes an hour from a Monday on: nights are half of days, weekends three quarters of other days."""
    at = np.arange(hours)
    of_day = 1 + 0.5 * np.sin(2 * np.pi * (at % DAY_H - 8 - phase) / DAY_H)
    return scale * of_day * np.where((at // DAY_H) % 7 >= 5, 0.75, 1.0)


def came(
    *,
    days: int,
    seed: int = 1,
    noise: float = 0.12,
    daily: float = 0.04,
    steps: Mapping[int, float] | None = None,
    scale: float = 1e9,
    phase: int = 0,
) -> Came:
    """What came from Monday on; `steps` maps an hour to how many times as much comes from it on."""
    chance = np.random.default_rng(seed)
    load = shape(days * DAY_H, scale=scale, phase=phase)
    load *= np.exp(chance.normal(0, noise, len(load)) - noise**2 / 2)
    load *= np.repeat(np.exp(chance.normal(0, daily, days) - daily**2 / 2), DAY_H)
    for hour, ratio in (steps or {}).items():
        load[hour:] *= ratio
    return Came(start=MONDAY, size_bytes=load)
