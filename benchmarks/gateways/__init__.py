"""Servers and callers for row `gateway`, each server a process of its own."""
