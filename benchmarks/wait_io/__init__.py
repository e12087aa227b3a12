"""Who waits how: the contenders of `wait_io`, one app a file."""
