"""What `App(debug=True)` shows of an error instead of a bare 500 or 404; without it nothing here runs."""
