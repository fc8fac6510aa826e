"""Where customers write: one file or folder for each platform."""
