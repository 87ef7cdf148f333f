"""a2wsgi: https://github.com/abersheeran/a2wsgi"""

from a2wsgi import WSGIMiddleware

from tests.benchmarks.wsgi import application

__all__ = ["wsgi"]

wsgi = WSGIMiddleware(application)
