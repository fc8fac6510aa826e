"""The brand's own chat page: a page, a WebSocket, and a script that embeds both in any site."""
