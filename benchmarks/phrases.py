"""The words and titles of which the fixtures are made."""

from __future__ import annotations

ENGLISH = """
a the of and to in is that it for as with on by at from this be are or an stream event server client
reply token line data wait again network cable river mountain morning letter question answer between
because sometimes however therefore quickly slowly connection reading writing number simple careful
"""

CHINESE = """
我们 可以 使用 这个 方法 读取 事件 流 , 服务器 发送 数据 客户端 等待 然后 继续 。 重新 连接 网络 回答 问题
"""

TITLES = (
    "River crossings of the northern plains",
    "List of lighthouses by height",
    "User talk:Example",
    "Category:Bridges built in 1932",
    "File:Harbour at dawn.jpg",
    "History of the telegraph",
    "Category:Stone churches",
    "Timetable",
    "Größte Städte an der Küste",
    "Liste des églises de la région",
    "История телеграфа",
    "電報の歴史",
)
