"""The desks: what they show and what they hear."""
