"""`python -m benchmarks` -> the command line, or one line that says what is not installed, out."""

import sys

if __name__ == "__main__":
    try:
        from benchmarks.cli import main
    except ModuleNotFoundError as missing:
        sys.exit(f"benchmarks: not installed: {missing.name}. `make bench` installs all that the benchmarks need.")
    except KeyboardInterrupt:
        sys.exit(130)  # nothing was started yet
    sys.exit(main())
