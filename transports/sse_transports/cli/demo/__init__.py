"""What `sse demo` shows: scenes in the terminal, and the chat page in a browser.

`_chat.py` and `_feed.py` are the two services, `_replies.py` what the chat says. `_scenes.py` reads both in
the terminal, `_side_by_side.py` the feed through every transport. `_chat_server.py` serves the chat and its
page, `chat.html`.
"""
