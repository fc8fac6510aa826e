"""Where everything is kept that must outlive the process."""
