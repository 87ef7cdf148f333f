"""A site of Django: `hello` says where it is, the others are those of `theirs`, but `sleep`."""

from typing import Any

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.views.decorators.csrf import csrf_exempt

from tests.interop.app import LONG

__all__ = ["get_asgi_application"]


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"Hello {reverse('hello')}")


def long(request: HttpRequest) -> HttpResponse:
    return HttpResponse(LONG, content_type="text/plain")


def caller(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.scheme} {request.META['REMOTE_ADDR']}")


@csrf_exempt
def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body)


urlpatterns: list[Any] = [
    path(view.__name__, view, name=view.__name__) for view in (hello, long, caller, echo)
]

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="secret")
django.setup()
