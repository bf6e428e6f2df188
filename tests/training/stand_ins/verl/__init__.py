"""verl's beginning: modules of the user's are imported, which register what they have."""

import importlib
import os

for name in filter(None, os.environ.get("VERL_USE_EXTERNAL_MODULES", "").split(",")):
    importlib.import_module(name)
