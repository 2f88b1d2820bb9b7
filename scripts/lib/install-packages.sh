#!/bin/sh
# Installs Debian packages as root: sh scripts/lib/install-packages.sh <package>...
# Services that come with them are neither started now nor at the next boot: the tests start what they need themselves.
set -eu

policy=/usr/sbin/policy-rc.d
ours='# for the time of an installation by hawser'
units=/lib/systemd/system

# Package scripts ask this file whether a service may start. One that somebody else has put there stays as it is.
if [ ! -e "$policy" ] || grep -qxF "$ours" "$policy"; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' HUP INT TERM
  printf '%s\n' '#!/bin/sh' "$ours" 'exit 101' >"$policy"
  chmod 755 "$policy"
fi

fresh=
for unit in redis-server.service nats-server.service rabbitmq-server.service epmd.service epmd.socket; do
  [ -e "$units/$unit" ] || fresh="$fresh $unit"
done

export DEBIAN_FRONTEND=noninteractive
apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@"

for unit in $fresh; do
  [ -e "$units/$unit" ] || continue
  name=${unit%.*}
  if [ -e "/etc/init.d/$name" ]; then
    update-rc.d "$name" disable
  elif command -v systemctl >/dev/null; then
    systemctl --quiet disable "$unit"
  fi
done
