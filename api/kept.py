"""What one process keeps between requests: the books as it last read them, and the words it says."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends

from api.dependencies import FromServices
from api.services import Services
from customers.books import Books
from kit.catalogue import Catalogue


def books_of(services: Services) -> Books:
    return cast(Books, services.extras.setdefault("books", Books()))


async def books(services: FromServices) -> Books:
    return books_of(services)


async def words(services: FromServices) -> Catalogue:
    if services.catalogue is None and "catalogue" not in services.extras:
        services.extras["catalogue"] = Catalogue.load()
    return cast(Catalogue, services.catalogue or services.extras["catalogue"])


KeptBooks = Annotated[Books, Depends(books)]
"""This process's view of the books."""

KeptWords = Annotated[Catalogue, Depends(words)]
"""What people hear and read, in every language."""
