"""The brand's staff: settings, directory, presence."""
