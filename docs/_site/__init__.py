"""What the pages take from the code, so that they are never out of date.

`computed.py` has these parts, with a module for each table or list. `render.py` writes them into the pages.
`sphinx_extension.py` adds what only the site has.
"""
