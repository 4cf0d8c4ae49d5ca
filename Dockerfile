# The builder brings uv and makes a virtual environment that holds everything, the application as a wheel included.
FROM python:3.11-slim-bookworm AS builder

ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never

RUN pip install --no-cache-dir uv==0.13.9

WORKDIR /app
# the libraries change seldom, the application often: two layers
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-dev --extra tracing --no-install-project
COPY . .
RUN uv sync --locked --no-dev --extra tracing --no-editable

# What runs: Python, the environment, and a user who owns nothing but the data folder.
FROM python:3.11-slim-bookworm

RUN useradd --system --uid 10001 --user-group --create-home --home-dir /home/durchwahl durchwahl \
    && install --directory --owner durchwahl --group durchwahl --mode 0700 /data

COPY --from=builder /app/.venv /app/.venv

ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DURCHWAHL_HOST=0.0.0.0 \
    DURCHWAHL_PORT=8080 \
    DURCHWAHL_DATA_DIR=/data

WORKDIR /home/durchwahl
USER 10001:10001
EXPOSE 8080

HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8080/livez', timeout=2)"]

CMD ["durchwahl", "serve"]
