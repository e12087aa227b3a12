"""What every test shares: how Hypothesis behaves."""

import os

from hypothesis import settings

# A busy machine is no failure, so no example has a deadline. Under CI the examples are the same in every run;
# elsewhere they are new each time, and a failure prints the line that repeats it.
settings.register_profile("local", deadline=None, print_blob=True)
settings.register_profile("ci", parent=settings.get_profile("local"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")
