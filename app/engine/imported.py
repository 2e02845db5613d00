"""The last import of the fork server: what the first optimiser would import, and then a long sleep.

Torch imports some 800 modules when the first optimiser is made. Nothing is computed here: a backward
pass or a look at an accelerator would start threads, which a fork does not survive.
"""

import gc

import torch._dynamo  # noqa: F401

gc.collect()
gc.freeze()  # a collection in a worker would write to all pages and so copy what is shared
