# syntax=docker/dockerfile:1

# The app ---------------------------------------------------------------------------------------------------------------
FROM node:22-bookworm-slim AS app
WORKDIR /build/pwa
COPY pwa/package.json pwa/package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund
COPY pwa ./
RUN npm run build

# The server ------------------------------------------------------------------------------------------------------------
FROM rust:1.95-slim-bookworm AS server
# rust:slim brings gcc and libc's headers, which is all that aws-lc needs on x86-64 and ARM64; web push encrypts with OpenSSL.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libssl-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
ENV SQLX_OFFLINE=true
COPY . .
# The caches are no part of an image, so the binary is copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked --bin nextmove && cp target/release/nextmove /nextmove

# What runs -------------------------------------------------------------------------------------------------------------
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libssl3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin nextmove
COPY --from=server /nextmove /usr/local/bin/nextmove
COPY --from=app /build/pwa/dist /srv/pwa
USER 10001
# No PostgreSQL inside: DATABASE_URL says where it is. Secrets come from the environment, never from the image.
ENV LISTEN_ADDR=0.0.0.0:8080 PWA_DIR=/srv/pwa LOG_FORMAT=json
EXPOSE 8080
STOPSIGNAL SIGTERM
# bash's own TCP: the image has no curl, and needs none.
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /readyz HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && head -n1 <&3 | grep -q ' 200 '"]
# No ENTRYPOINT: platforms give whole commands, such as `nextmove migrate`.
CMD ["nextmove", "serve"]
