"""What a process does again after Lambda has restored it from a snapshot (SnapStart).

Lambda takes the snapshot after it has imported the handler, and starts many processes from it. An import makes no
request, opens no connection, and reads neither settings nor secrets. So all that those processes would have in common
is the state of :mod:`random`, from which the jitter of retries comes.
"""

import random


def reseed_after_restore() -> None:
    """Make Lambda's runtime seed :mod:`random` again after each restore. Without that runtime, do nothing."""
    try:
        # Only Lambda's runtime has it.
        from snapshot_restore_py import register_after_restore
    except ImportError:
        return
    register_after_restore(random.seed)
