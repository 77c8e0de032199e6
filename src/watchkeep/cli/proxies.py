"""Keeps the environment's proxy away from cameras."""

import os


def bypass_proxies() -> None:
    """Have this process connect without a proxy: libav would take `http_proxy` even for `rtsps://`."""
    os.environ["no_proxy"] = "*"
