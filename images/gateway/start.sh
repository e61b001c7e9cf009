#!/bin/sh
# The first program on a machine. A fresh volume, and the files that the provider puts on it at each start, belong to root: they are handed
# to the user that everything else runs as, who can never become root again.
set -eu
user=65534
data=${CONCH_DATA_DIR:-/data}
here=$(dirname "$0")

set -a
# shellcheck source=/dev/null
. "$here/gateway/environment"
set +a
# Under load the young part of the heap would grow to 48 MB, and as much of it would never be given back: it is beside a gateway that hardly fits.
set -- node --max-semi-space-size=1 "$here/supervisor/main.js"
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$data/home"
  # -h: a link of the owner's is not followed.
  find "$data" -xdev ! -user "$user" -exec chown -h "$user:$user" {} +
  exec setpriv --reuid="$user" --regid="$user" --clear-groups --no-new-privs -- "$@"
fi
exec "$@"
