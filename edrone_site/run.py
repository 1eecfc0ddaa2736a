"""`make run`: python -m edrone_site.run"""

import signal

if __name__ == "__main__":
    # Until the server deals with it, Ctrl-C ends the process at once, and what it has started ends with it: Python's exception
    # would leave a traceback, or be lost within the callback of a weak reference. Set before the imports, most of the start.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from edrone_site.prepared_run import main

    main()
