import subprocess
import sys

import pytest


def loaded_by(module):
    """Return the top-level modules in memory after importing ``module`` alone."""
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


def test_importing_models_loads_nothing_heavy():
    assert not loaded_by("models") & {"numpy", "onnxruntime", "transformers", "torch"}


@pytest.mark.parametrize("module", ["models.assessor", "models.hub", "models.train", "models.evaluate"])
def test_what_is_slow_to_import_waits_until_it_is_needed(module):
    assert not loaded_by(module) & {"transformers", "torch", "py3langid"}
