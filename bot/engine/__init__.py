"""What drives: intake, worker, commands, delivery, timekeeper and auditor, all on one road to the store."""
