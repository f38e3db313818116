# docker build -t dicode . && docker run --gpus all -v "$PWD/data:/data" dicode train preset=gpu
# Runs lie in data/runs, compiled programs in data/cache; the folder must be writable for user 1000, or add --user "$(id -u)".
# Without a GPU: docker build --build-arg EXTRAS="--extra video --extra web" -t dicode .
# JAX's wheels bring CUDA, so the base is a plain system; the host brings the driver.
ARG BASE=debian:12.12-slim
FROM ${BASE}
ARG EXTRAS="--extra cuda13 --extra wandb --extra tensorboard --extra video --extra web"
ARG UV=0.13.9
RUN apt-get update \
    && apt-get install -y --no-install-recommends bubblewrap ca-certificates python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir "uv==${UV}"
ENV VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:$PATH

# The dependencies are a layer of their own: a change of the source installs nothing anew.
WORKDIR /opt/dicode
COPY pyproject.toml README.md ./
RUN uv pip install --no-cache -r pyproject.toml ${EXTRAS}
COPY src src
RUN uv pip install --no-cache --no-deps .

RUN useradd --uid 1000 --create-home dicode && install -d -o dicode -m 1777 /data
ENV HOME=/data DICODE_CACHE=/data/cache
USER dicode
WORKDIR /data
ENTRYPOINT ["dicode"]
CMD ["--help"]
