"""Imported last by a server for forks: what it has made by then is for all that it forks, and no
process's collector needs to look at it, or to copy it, again."""

import gc

gc.collect()
gc.freeze()
