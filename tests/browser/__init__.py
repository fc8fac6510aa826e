"""Customers, staff and operations at their pages, with the whole of Heed behind them."""
