"""What the type checkers are to see: mypy and pyright test these files, pytest only runs them."""
