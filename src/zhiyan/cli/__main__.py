"""``python -m zhiyan.cli``."""

from zhiyan.cli.main import main

main()
