#!/usr/bin/env bash
# What runs on a machine, put into a folder: the gateway's package with its plugins as a seed (part "gateway"), and the programs beside it
# (part "supervisor"). The Dockerfile calls this same script; part "system" are Debian's packages, which only an image is given.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
usage='build.sh [<folder>] [--flavour openclaw|clawdbot] [--version V] [--plugins discord,slack,whatsapp] [--part gateway|supervisor|system]... [--browser] [--state-dir /data/openclaw]'
folder='' flavour=openclaw version='' plugins='' state='' browser='' parts=()

die() {
  echo "build.sh: $1" >&2
  exit "${2:-1}"
}

refuse() { die "$1
usage: $usage" 64; }

while [ $# -gt 0 ]; do
  case $1 in
    --flavour | --version | --plugins | --part | --state-dir)
      [ $# -ge 2 ] || refuse "$1 needs a value"
      case $1 in
        --flavour) flavour=$2 ;;
        --version) version=$2 ;;
        --plugins) plugins=$2 ;;
        --part)
          [[ $2 =~ ^(gateway|supervisor|system)$ ]] || refuse "no such part: $2"
          parts+=("$2")
          ;;
        --state-dir) state=$2 ;;
      esac
      shift 2
      ;;
    --browser) browser=yes && shift ;;
    -*) refuse "no such option: $1" ;;
    *)
      [ -z "$folder" ] || refuse "one folder only: $1"
      folder=$1 && shift
      ;;
  esac
done

case $flavour in
  openclaw) default_plugins=discord,slack,whatsapp ;;
  clawdbot)
    [ -z "$plugins" ] || refuse 'clawdbot has all channels in its own package: no --plugins'
    default_plugins=''
    ;;
  *) refuse "no such flavour: $flavour" ;;
esac
[ ${#parts[@]} -gt 0 ] || parts=(gateway supervisor)
[ -n "$folder" ] || [ "${parts[*]}" = system ] || refuse 'which folder?'
[[ $version =~ ^[0-9A-Za-z.-]*$ ]] || refuse "not a version: $version"
[[ $plugins =~ ^[a-z0-9,-]*$ ]] || refuse "not a list of plugins: $plugins"
plugins=${plugins:-$default_plugins}
state=${state:-/data/openclaw}
[[ $state = /* ]] || refuse 'the state directory is an absolute path: the one that the gateway has at run time'

locked_version=$(node -p 'require(process.argv[1]).dependencies[process.argv[2]]' "$here/flavours/$flavour/package.json" "$flavour")
version=${version:-$locked_version}
NPM=(--ignore-scripts --omit=dev --no-audit --no-fund --loglevel=error)

# A folder with this mark was made here, and is made anew without asking.
MARK=.made-by-build.sh
claim() {
  [ -e "$1/$MARK" ] || [ ! -e "$1" ] || [ -z "$(ls -A "$1")" ] || die "$1 is not empty and was not made by this script"
  mkdir -p "$1"
  touch "$1/$MARK"
}

# The package, from the lock beside this script when it is the version that the lock is for.
install_package() {
  cp "$here/flavours/$flavour/package.json" "$folder/gateway/"
  if [ "$version" = "$locked_version" ]; then
    cp "$here/flavours/$flavour/package-lock.json" "$folder/gateway/"
    npm ci --prefix "$folder/gateway" "${NPM[@]}"
  else
    npm install --prefix "$folder/gateway" "${NPM[@]}" --save-exact "$flavour@$version"
  fi
}

# OpenClaw writes absolute paths into its records, so plugins are installed where the state directory is at run time. What has to be there is
# taken out of it as a seed, and the directory goes again.
install_plugins() {
  local id
  for id in ${plugins//,/ }; do
    OPENCLAW_STATE_DIR=$state OPENCLAW_DISABLE_BONJOUR=1 OPENCLAW_NO_AUTO_UPDATE=1 \
      "$folder/gateway/node_modules/.bin/openclaw" plugins install "npm:@openclaw/$id@$version"
  done
}

# What the supervisor is told of the gateway; start.sh reads it.
write_environment() {
  local entry
  entry=$(node -p 'const { bin } = require(process.argv[1] + "/package.json"); typeof bin === "string" ? bin : bin[process.argv[2]]' \
    "$folder/gateway/node_modules/$flavour" "$flavour")
  printf '%s=%q\n' CONCH_FLAVOUR "$flavour" CONCH_GATEWAY "$folder/gateway/node_modules/$flavour/$entry" \
    CONCH_GATEWAY_VERSION "$version" CONCH_SEED_DIR "$folder/seed"
}

build_gateway() {
  local request="$flavour $version plugins=$plugins state=$state"
  if [ "$(cat "$folder/gateway/built" 2>/dev/null)" = "$request" ]; then
    echo "$folder/gateway: already built ($request)"
    return
  fi
  # Before the trap: what is not ours stays.
  claim "$state"
  trap 'rm -rf "$folder/gateway" "$folder/seed" "$state"' EXIT
  # What a killed build left.
  rm -rf "$folder/gateway" "$folder/seed" "$state"
  mkdir -p "$folder/gateway" "$state"
  touch "$state/$MARK"
  install_package
  [ -z "$plugins" ] || install_plugins
  node "$here/make-seed.ts" --flavour "$flavour" --version "$version" --state "$state" --seed "$folder/seed"
  rm -rf "$state"
  write_environment >"$folder/gateway/environment"
  echo "$request" >"$folder/gateway/built"
  trap - EXIT
  echo "$folder/gateway: built ($request)"
}

# Written to another name first: whoever runs the folder never sees half of it.
build_supervisor() {
  local entry name staged=$folder/.supervisor
  rm -rf "$staged"
  mkdir -p "$staged"
  trap 'rm -rf "$staged"' EXIT
  for entry in "$here"/*; do
    case ${entry##*/} in
      Dockerfile | README.md | build.sh | make-seed.ts | strip.ts | flavours | node_modules) ;;
      *) cp -R "$entry" "$staged/" ;;
    esac
  done
  node --disable-warning=ExperimentalWarning "$here/strip.ts" "$staged/supervisor"
  for entry in "$staged"/*; do
    name=${entry##*/}
    rm -rf "${folder:?}/$name"
    mv "$entry" "$folder/$name"
  done
  rm -rf "$staged"
  trap - EXIT
  echo "$folder/supervisor: built"
}

# Not pinned: Debian keeps one version per release, and what it replaces it with are security fixes. The base image's digest pins the rest.
install_system() {
  local packages=(ca-certificates curl git tini)
  [ -z "$browser" ] || packages+=(chromium fonts-liberation)
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "${packages[@]}"
  rm -rf /var/lib/apt/lists/*
}

if [ -n "$folder" ]; then
  claim "$folder"
  folder=$(cd "$folder" && pwd)
fi
for part in "${parts[@]}"; do
  case $part in
    gateway) build_gateway ;;
    supervisor) build_supervisor ;;
    *) install_system ;;
  esac
done
