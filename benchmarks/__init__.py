"""What Heed costs and how fast it is: measured, printed, never asserted."""
