"""Sound in Play: none is fetched until somebody wants to hear it; then Chromium decodes it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Locator, Page, expect

from audio_packets import audio_packets
from builders import NOON, FixedClock
from catalog_server import catalog, database, postgres  # noqa: F401
from house_builder import Audio, a_camera, a_house, record
from site_server import PASSWORD, Site, serve
from time_code import make_clip
from watchkeep.application import passwords
from watchkeep.domain.media import AudioCodec
from watchkeep.presentation.http.app import create_app
from watchkeep.storage.catalog.connection import Catalog

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(200)]

SECONDS = 40
DECODED = "v => v.webkitAudioDecodedByteCount"


@pytest.fixture
def house_site(
    catalog: Catalog,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    chromium: Path,
) -> Iterator[Site]:
    """A house with the page, in which nobody records now: its footage is of an hour ago."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64))
    clock = FixedClock()
    house = replace(a_house(catalog, tmp_path, clock=clock), webui=Path(str(files("watchkeep"))) / "webui")
    app = create_app(house)
    for address in serve(app):
        yield Site(house, app, clock, address)
    house.close()


def film(site: Site, folder: Path, *kinds: Audio | None) -> str:
    """A camera with a run of each kind, one after the other."""
    clip = make_clip(folder / "clip.mp4", seconds=SECONDS, fps=10, gop=10, size=(384, 256))
    camera = a_camera(site.house, "Front door")
    for number, audio in enumerate(kinds):
        record(site.house, camera, clip, at=NOON + timedelta(seconds=(SECONDS + 2) * number), audio=audio)
    site.clock.advance(3600)
    return camera


def play(page: Page, site: Site, camera: str, at: str) -> Locator:
    """Sign in and look at a moment."""
    site.administrator().close()
    page.goto(site.address)
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label(re.compile("Account of ada"))).to_be_visible()
    page.goto(f"{site.address}/play/{camera}?t={at}")
    video = page.locator("video")
    wait_until_playing(page, video)
    return video


def wait_until_playing(page: Page, video: Locator) -> None:
    handle = video.element_handle()
    assert handle is not None
    start = handle.evaluate("v => v.currentTime")
    page.wait_for_function("([v, t]) => !v.paused && Math.abs(v.currentTime - t) > 0.8", arg=[handle, start])


@pytest.mark.parametrize("codec", [AudioCodec.AAC, AudioCodec.OPUS])
def test_sound_is_fetched_when_it_is_wanted_and_decoded(
    codec: AudioCodec, house_site: Site, page: Page, tmp_path: Path
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    camera = film(house_site, tmp_path, audio_packets(codec, seconds=SECONDS, channels=2))
    video = play(page, house_site, camera, "2025-06-01T12:00:05Z")
    assert video.evaluate("v => v.muted")
    assert video.evaluate(DECODED) == 0
    assert not [url for url in asked if "audio=true" in url]

    page.get_by_role("button", name="Sound", exact=True).click()

    handle = video.element_handle()
    page.wait_for_function("v => !v.muted && v.webkitAudioDecodedByteCount > 20000", arg=handle)
    wait_until_playing(page, video)
    shown = video.get_attribute("data-program-time")
    assert shown is not None
    assert "2025-06-01T12:00:05" < shown < "2025-06-01T12:00:25"
    assert video.evaluate("v => v.error") is None

    page.get_by_role("button", name="Sound", exact=True).click()

    assert video.evaluate("v => v.muted")
    wait_until_playing(page, video)


def test_playing_goes_on_from_sound_to_none_and_to_sound_again(
    house_site: Site, page: Page, tmp_path: Path
) -> None:
    loud = audio_packets(AudioCodec.AAC, seconds=SECONDS)
    g711 = audio_packets(AudioCodec.PCMU, seconds=SECONDS)
    camera = film(house_site, tmp_path, loud, g711, loud)
    video = play(page, house_site, camera, "2025-06-01T12:00:30Z")
    page.get_by_role("button", name="Sound", exact=True).click()
    expect(page.get_by_text("There is no sound here")).to_have_count(0)

    expect(page.get_by_text("There is no sound here")).to_be_visible()
    expect(video).to_have_attribute("data-program-time", re.compile("T12:00:4[2-9]"))

    page.goto(f"{house_site.address}/play/{camera}?t=2025-06-01T12:01:15Z")
    page.get_by_role("button", name="Sound", exact=True).click()
    expect(video).to_have_attribute("data-program-time", re.compile("T12:01:(2[6-9]|3)"))
    page.wait_for_function("v => v.webkitAudioDecodedByteCount > 20000", arg=video.element_handle())
