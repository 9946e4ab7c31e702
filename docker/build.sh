#!/bin/sh
# Builds the image with whichever of docker, podman and buildah works here.
#
#   BASE        base image                        (default: the one in the Dockerfile)
#   TAG         name of the result                (default: dulcian:latest)
#   BUILDER     docker, podman or buildah         (default: the first of them that works)
#   BUILD_ARGS  more arguments for the tool, split at spaces
set -eu
cd "$(dirname "$0")/.."
tag=${TAG:-dulcian:latest}

# A client without its engine does not count.
tool() {
    if command -v docker >/dev/null && docker info >/dev/null 2>&1; then
        echo docker
    elif command -v podman >/dev/null && podman info >/dev/null 2>&1; then
        echo podman
    elif command -v buildah >/dev/null; then
        echo buildah
    else
        echo "No docker with an engine, no podman and no buildah here." >&2
        echo "Debian, Ubuntu:  sudo apt install podman   (or: buildah)" >&2
        return 1
    fi
}
builder=${BUILDER:-$(tool)}

set -- --file docker/Dockerfile --tag "$tag"
if [ -n "${BASE:-}" ]; then set -- "$@" --build-arg "BASE=$BASE"; fi
case $builder in
docker) set -- docker build "$@" ;;
podman) set -- podman build --format docker "$@" ;;
buildah) # needs neither an engine nor namespaces of its own, so it works inside containers, too
    set -- buildah --storage-driver "${STORAGE_DRIVER:-vfs}" build --isolation chroot --format docker "$@"
    ;;
*)
    echo "BUILDER is $builder, which is none of docker, podman, buildah." >&2
    exit 2
    ;;
esac
echo "Building $tag with $builder"
# shellcheck disable=SC2086
exec "$@" ${BUILD_ARGS:-} .
