# The recipe of scripts/build and scripts/image-tree for people who have Docker: `docker build -t vsecm .`
# Debian 13 is what the scripts build in anyway, so inside this first stage they work on the machine itself.

FROM debian:trixie AS build
WORKDIR /src
# The package lists alone first: this layer stays cached until they change.
COPY scripts/packages scripts/packages
COPY scripts/lib.sh scripts/build-root scripts/
RUN scripts/build-root --prepare
COPY . .
RUN scripts/build && scripts/image-tree /image

# Nothing but the program: no shell, no package manager, no files of a distribution.
FROM scratch
COPY --from=build /image/ /
# A number, so that a cluster can see that it is not root.
USER 65532:65532
ENTRYPOINT ["/vsecm"]
