"""OpenAPI 3.1: what an app knows of itself as a document for programs, and as a page for people.

A leaf: nothing here is loaded unless it is imported, and nothing here is on the way of a request that
is not for the document. From a type to its schema is in `_schemas`, from a path to its template in
`_templates`, what a handler's source says in `_handlers`; `_document` puts it together, `_page` shows it.
"""

from framework.openapi._operation import operation
from framework.openapi._server import OpenAPI

__all__ = ["OpenAPI", "operation"]
