"""Prints the first fenced block of README.md in the language given: python3 tools/readme_block.py cpp"""

import pathlib
import re
import sys

README = pathlib.Path(__file__).resolve().parent.parent / "README.md"
block = re.search(rf"^```{re.escape(sys.argv[1])}\n(.*?)^```$", README.read_text(), re.M | re.S)
if block is None:
    sys.exit(f"README.md has no block in {sys.argv[1]}")
print(block[1], end="")
