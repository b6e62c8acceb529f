"""Write the generated pages: ``python -m tools.docs``."""

from tools.docs import pages
from tools.rule import ROOT

for name, text in pages().items():
    path = ROOT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8", newline="\n")
        print(f"written: {name}")
