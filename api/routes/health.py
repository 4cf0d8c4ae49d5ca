"""Health and figures, for load balancers and Prometheus."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.dependencies import FromServices, public, uncounted
from api.errors import problems
from api.transactional import TransactionalRoute
from kit.errors import Unavailable

router = APIRouter(tags=["Operating"], route_class=TransactionalRoute)


class NotReady(Unavailable):
    """`hindrances` says why: `draining`, `loop_lag`, `pool_exhausted`, `silent:<loop>`."""

    word, title = "not-ready", "This replica takes no work right now."


class Stuck(Unavailable):
    word, title = "stuck", "The event loop does not turn."


class Well(BaseModel):
    status: str = Field(examples=["ok"])


@router.get("/livez", summary="Does the process live?", responses=problems(503))
@public("says only that the process lives")
@uncounted("whoever watches over us must get through")
async def livez(services: FromServices) -> Well:
    """503 when the event loop has not turned for 10 s. Asks no database."""
    if not services.vitals.alive():
        raise Stuck
    return Well(status="ok")


@router.get("/readyz", summary="May work come here?", responses=problems(503))
@public("says only that this replica takes work")
@uncounted("whoever watches over us must get through")
async def readyz(services: FromServices) -> Well:
    """This replica alone: not draining, loop lag below 1 s, every loop heard within 30 s, pool not exhausted.

    A database that is away does not make a replica unready: all would leave the load balancer at once, and the
    switch would hear nothing instead of a 503 that it can act on.
    """
    hindrances = services.vitals.hindrances()
    if hindrances:
        raise NotReady(retry_after_s=1, hindrances=hindrances)
    return Well(status="ok")


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
@public("names routes and counts, nobody; keep it inside the network")
@uncounted("whoever watches over us must get through")
async def metrics(services: FromServices) -> Response:
    """Names begin with `durchwahl_`. `durchwahl_db_writable` is found out by writing a row, at most every 10 s;
    what a loop has measured in the database is read at most every 5 s."""
    await services.write_probe.refresh()
    await services.board.refresh()
    return Response(services.metrics.exposition(), headers={"content-type": services.metrics.content_type})
