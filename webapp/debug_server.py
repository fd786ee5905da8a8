"""Flask's debug server, for `lambda-playground serve --reload`: `webapp.serve` starts it as a module.

Its debugger runs whatever a browser sends: `webapp.serve` takes loopback addresses only.
"""

from __future__ import annotations

import os
import sys

from webapp.app import create_app
from webapp.processes import die_with_parent

if __name__ == "__main__":
    die_with_parent(os.getppid())  # the reloader runs this module again, as a child of itself
    create_app().run(host=sys.argv[1], port=int(sys.argv[2]), debug=True, threaded=True)
