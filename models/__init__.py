"""Learned models: what a message is, which template lies nearest, and how both were trained and measured."""
