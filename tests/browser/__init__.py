"""What a real browser does and sees; skipped where no Chromium is installed."""
