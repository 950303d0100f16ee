#!/bin/sh
# Runs the curl lines of README.md and compares the status of each answer with
# the one in the comment above the line. Waits for Keycloak and Traefik first.
set -eu
cd "$(dirname "$0")"

# block prints the fenced block of README.md below the comment that names it.
block() {
  sed -n "/^<!-- try\.sh: $1 -->\$/,/^\`\`\`\$/p" README.md | sed '/^<!--/d; /^```/d'
}

# answers waits until an address answers 200.
answers() {
  tries=0
  until [ "$(curl -s -o /dev/null -m 5 -w '%{http_code}' "$1")" = 200 ]; do
    tries=$((tries + 1))
    if [ $tries -ge 120 ]; then
      echo "$1 does not answer 200" >&2
      exit 1
    fi
    sleep 1
  done
}
answers http://localhost:8080/realms/labs64io/.well-known/openid-configuration
answers http://localhost:8000/v3/api-docs

eval "$(block first)"

count=0
wrong=0
want=
while IFS= read -r line; do
  case $line in
  '# '*)
    want=${line#'# '}
    ;;
  *)
    got=$(eval "$line" </dev/null | sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p')
    count=$((count + 1))
    verdict=ok
    if [ "$got" != "${want%%:*}" ]; then
      verdict=WRONG
      wrong=$((wrong + 1))
    fi
    echo "$verdict: ${got:-no answer}, want $want"
    ;;
  esac
done <<EOF
$(block each)
EOF
echo "$count requests, $wrong wrong"
[ $count -gt 0 ] && [ $wrong -eq 0 ]
