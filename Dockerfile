# The recipe of scripts/image for people who have Docker: `docker build -t vsecm/vsecm:0.1.0 .`
# Debian 13 is what the scripts build in anyway, so inside this first stage they work on the machine itself.

FROM debian:trixie AS build
WORKDIR /src
# The package lists alone first: this layer stays cached until they change.
COPY scripts/packages scripts/packages
COPY scripts/lib.sh scripts/build-root scripts/
RUN scripts/build-root --prepare
COPY . .
RUN scripts/build && scripts/image-tree /image

# Nothing but the program: no shell, no package manager, no files of a distribution. scripts/oci_image.py reads this stage.
FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
COPY --from=build /image/ /
LABEL org.opencontainers.image.title="vsecm" \
      org.opencontainers.image.description="Secrets reach exactly the workloads whose SPIFFE identity names them: every role in one program" \
      org.opencontainers.image.licenses="BSD-2-Clause" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
ENV PATH=/bin
WORKDIR /
# A number, so that a cluster can see that it is not root.
USER 65532:65532
ENTRYPOINT ["/vsecm"]
