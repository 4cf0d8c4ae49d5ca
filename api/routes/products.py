"""What customers buy, for admins: which skill it takes and how much time it usually costs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from accounts.principal import Principal
from api.dependencies import Now, Read, Write, requires
from api.rendering import Json
from api.transactional import TransactionalRoute
from api.versions import MustMatch, Tagged
from customers import public, queries, service
from customers.schemas import ProductAnswer, ProductCommand, Products
from kit.fields import Tag

router = APIRouter(prefix="/v1/products", tags=["Products"], route_class=TransactionalRoute)


Reader = Annotated[Principal, requires("supervisor", "admin", "auditor", "control_center")]


@router.get("", summary="List products")
async def listed(_: Reader, session: Read) -> Products:
    return Products(items=[public.product(row) for row in await queries.products(session)])


@router.get("/{product_id}", summary="Read a product")
async def get(_: Reader, product_id: Annotated[Tag, Path()], session: Read, versions: Tagged) -> ProductAnswer:
    return versions.of(public.product(await service.product(session, product_id)))


@router.put(
    "/{product_id}",
    summary="Create or replace a product",
    response_model=ProductAnswer,
    responses={201: {"model": ProductAnswer, "description": "The product is new."}},
)
async def put(
    _: Annotated[Principal, requires("admin")],
    product_id: Annotated[Tag, Path()],
    wanted: ProductCommand,
    session: Write,
    versions: MustMatch,
    now: Now,
) -> Response:
    """Decisions from now on ask for this skill; customers keep the expected seconds that they have."""
    present = await service.held_product(session, product_id)
    versions.check(None if present is None else public.product(present))
    created = await service.put_product(session, product_id, wanted, now)
    return Json(versions.of(ProductAnswer(id=product_id, **wanted.model_dump())), 201 if created else 200)
