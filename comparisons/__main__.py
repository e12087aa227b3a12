"""`python -m comparisons` -> the command line, or one line that says what is not installed, out."""

import sys

if __name__ == "__main__":
    try:
        from comparisons.cli import main
    except ModuleNotFoundError as missing:
        sys.exit(f"comparisons: not installed: {missing.name}. `make demo` installs all that the comparisons need.")
    except KeyboardInterrupt:
        sys.exit(130)  # nothing was started yet
    sys.exit(main())
