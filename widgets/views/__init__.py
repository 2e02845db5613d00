"""The views: what a panel's view is put together from: cards that share the room, switches, sentences and
guides. A view gets what is shown and draws nothing else. It knows pictures as things that stand in cards,
and no session and no worker.
"""
