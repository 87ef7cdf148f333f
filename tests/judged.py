"""What `tests/servers.py` has a server serve: the app that SERVED names, in the checker; no test lives here.

What is found is in the log of the server.
"""

import os
from pkgutil import resolve_name

from framework.checker import Checker, log

app = Checker(resolve_name(os.environ.get("SERVED", "examples.hello:app")), on_violation=log)
