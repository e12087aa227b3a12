"""The scenarios as locustfiles, one file each."""
