# The image of the product. Several architectures, with a bill of materials and provenance:
#   docker buildx build --platform linux/amd64,linux/arm64 --sbom=true --provenance=mode=max \
#     --build-arg REVISION=$(git rev-parse HEAD) --build-arg CREATED=$(date -u +%FT%TZ) --tag unkey .
# It also builds with the classic builder. BASE_IMAGE may be any image that has Node 24 and npm on PATH.
ARG BASE_IMAGE=node:24-bookworm-slim

FROM ${BASE_IMAGE} AS manifest
WORKDIR /app
COPY package.json package-lock.json ./

FROM manifest AS build
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
ARG REVISION=unknown
# Not by `npm run`, which would look for the Node that the project brings along for older machines.
RUN UNKEY_REVISION=${REVISION} node scripts/build.ts

FROM manifest AS dependencies
# The only optional package is ClickHouse's engine for `clickhouse.url = "chdb:"`, more than twice as large as all else
# together: `--build-arg OMIT=dev` takes it along. A ClickHouse server needs nothing of it.
ARG OMIT=optional
RUN npm ci --omit=dev --omit=${OMIT} --ignore-scripts --no-audit --no-fund

FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="unkey" \
      org.opencontainers.image.description="Self-hosted API-key and rate-limiting service that speaks the public Unkey v2 HTTP API" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}"
ENV NODE_ENV=production
WORKDIR /app
COPY package.json LICENSE ./
COPY bin bin
COPY migrations migrations
COPY openapi openapi
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
# Files of the image belong to root and are only read; nothing needs a writable root file system. A volume for the data keys
# of `unkey vault serve` takes its owner from the directory.
RUN ln -s /app/bin/unkey /usr/local/bin/unkey \
 && install --directory --owner=65532 --group=65532 --mode=0700 /var/lib/unkey /var/lib/unkey/vault
USER 65532:65532
EXPOSE 7070
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["unkey", "healthcheck", "--quiet"]
ENTRYPOINT ["unkey"]
CMD ["api", "serve"]
