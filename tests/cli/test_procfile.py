"""The Procfile starts Heed under a process manager, and ends it cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_honcho_starts_heed_from_the_procfile_and_stops_it(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"store:\n  path: {tmp_path}/heed.sqlite\n", encoding="utf-8")
    tools = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{tools}:{os.environ['PATH']}",
        "HEED_CONFIG": str(config),
        "PORT": "0",
        "PYTHONUNBUFFERED": "1",
    }
    command = [str(tools / "honcho"), "-f", str(ROOT / "Procfile"), "start"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as honcho:
        assert honcho.stdout is not None
        try:
            assert any("Heed is running" in line for line in honcho.stdout)
        finally:
            honcho.send_signal(signal.SIGTERM)
        rest = honcho.stdout.read()
    assert "Heed has stopped." in rest
    assert "(rc=0)" in rest
