"""asgiref: https://github.com/django/asgiref"""

from asgiref.wsgi import WsgiToAsgi

from tests.benchmarks.wsgi import application

__all__ = ["wsgi"]

wsgi = WsgiToAsgi(application)
