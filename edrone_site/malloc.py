"""What the C library does with memory that was freed."""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h of glibc
LARGE = 1024 * 1024  # bytes


def return_freed_memory() -> None:
    """Let this process, and those that it forks, give large blocks back to the system as soon as they are freed.

    Left to itself glibc learns from each large block to keep the next one: after some long logs every thread holds up to 64 MB of
    nothing. Other C libraries have no such setting.
    """
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(M_MMAP_THRESHOLD, LARGE)
        mallopt(M_TRIM_THRESHOLD, LARGE)
