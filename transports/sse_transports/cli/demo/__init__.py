"""The demo of `sse demo`: three demonstrations in the terminal, and the chat page in a browser.

- `_chat.py` and `_feed.py` are the two services; `_replies.py` has the replies of the chat.
- `_terminal_demo.py` reads both in the terminal, `_compare_transports.py` the feed with every transport;
  `_state_log.py` prints the state changes of an event source.
- `_chat_server.py` serves the chat and its page, `chat.html`; `_page.py` adds the headers of the page.
"""
