"""Clients that are programs of their own: Chromium and curl; skipped where they are not installed."""
