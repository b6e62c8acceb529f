"""Who is who: the resolved customers against the persons that the generator knows."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from math import comb
from pathlib import Path

import pytest

from tests.app.group import reading, rows, truth
from zhiyan.app.workspace import Workspace
from zhiyan.core.identity import SCOPED, IdType
from zhiyan.store.vault import blind_index
