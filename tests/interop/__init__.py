"""With applications and middleware of other libraries, in both directions."""
