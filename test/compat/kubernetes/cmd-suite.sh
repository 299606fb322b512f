#!/usr/bin/env bash
# Runs Kubernetes' own command-line tests (test/cmd/*.sh of its source) against a store and an API server of this project, and counts
# their assertions. Nothing of that source is here: name an unpacked tree.
#
#   test/compat/kubernetes/cmd-suite.sh --source TREE --kubectl FILE [--flotilla FILE] [--out DIR] [--only "pod crd"] [--port N]
#
# The controller manager runs beside them, as the suite takes for granted; assertions on APIs that Kubernetes itself no longer serves fail.
# A failed assertion is counted and the script goes on, so that one failure does not hide what comes after it. What each function printed
# is in DIR, DIR/score.tsv has the counts by script.
set -u

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
flotilla=$project/bin/flotilla
out=$(mktemp -d)
port=28600
only=
while [ $# -gt 0 ]; do
  case $1 in
    --source) tree=$2 ;;
    --kubectl) kubectl=$2 ;;
    --flotilla) flotilla=$2 ;;
    --out) out=$2 ;;
    --only) only=$2 ;;
    --port) port=$2 ;;
    *) echo "cmd-suite.sh: \"$1\" is no option" >&2; exit 2 ;;
  esac
  shift 2
done
: "${tree:?--source TREE is required}" "${kubectl:?--kubectl FILE is required}"
mkdir -p "$out/bin" "$out/home"
ln -sf "$kubectl" "$out/bin/kubectl"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
processes=()
stop() { kill "${processes[@]}" 2>/dev/null; wait 2>/dev/null; }
trap stop EXIT

# Later trees have an authority with its key, which signs certificates.
ca=$tree/hack/testdata/ca.crt
signing=()
if [ -f "$tree/hack/testdata/ca/ca.key" ]; then
  ca=$tree/hack/testdata/ca/ca.crt
  signing=(--cluster-signing-cert-file="$ca" --cluster-signing-key-file="$tree/hack/testdata/ca/ca.key")
fi

start_servers() {
  node "$flotilla" store --name a --data-dir "$out/store" \
    --listen-client-urls "http://127.0.0.1:$((port + 1))" --advertise-client-urls "http://127.0.0.1:$((port + 1))" \
    --listen-peer-urls "http://127.0.0.1:$((port + 2))" --initial-advertise-peer-urls "http://127.0.0.1:$((port + 2))" \
    --initial-cluster "a=http://127.0.0.1:$((port + 2))" > "$out/store.log" 2>&1 &
  processes+=($!)
  # The flags of hack/make-rules/test-cmd.sh.
  node "$flotilla" apiserver --etcd-servers "http://127.0.0.1:$((port + 1))" \
    --bind-address=127.0.0.1 --secure-port=$port --cert-dir "$out/certs" \
    --authorization-mode=RBAC,AlwaysAllow --token-auth-file="$tree/hack/testdata/auth-tokens.csv" \
    --client-ca-file="$ca" --service-cluster-ip-range=10.0.0.0/24 \
    --enable-admission-plugins=LimitRanger,ResourceQuota \
    --disable-admission-plugins=ServiceAccount,DefaultStorageClass,DefaultTolerationSeconds,MutatingAdmissionWebhook,ValidatingAdmissionWebhook,StorageObjectInUseProtection \
    > "$out/apiserver.log" 2>&1 &
  processes+=($!)
  local tries
  for tries in $(seq 300); do
    curl -sk -H 'Authorization: Bearer admin-token' "https://127.0.0.1:$port/readyz" | grep -qx ok && return
    kill -0 "${processes[1]}" 2>/dev/null || break
    sleep 0.2
  done
  echo 'the servers did not start:' >&2
  tail -5 "$out/store.log" "$out/apiserver.log" >&2
  exit 1
}

start_servers
export PATH="$out/bin:$PATH" HOME="$out/home" KUBECONFIG="$out/home/config" LANG=C
kubectl config set-credentials test-admin --token admin-token > "$out/setup.log"
kubectl config set-cluster local --insecure-skip-tls-verify --server "https://127.0.0.1:$port" >> "$out/setup.log"
kubectl config set-context test --user test-admin --cluster local >> "$out/setup.log"
kubectl config use-context test >> "$out/setup.log"
printf '{"kind":"Node","apiVersion":"v1","metadata":{"name":"127.0.0.1"},"status":{"capacity":{"memory":"1Gi"}}}' |
  kubectl create -f - >> "$out/setup.log"
# Service account tokens need no controller, everything else that the suite waits for does.
node "$flotilla" controller-manager --kubeconfig "$KUBECONFIG" --root-ca-file "$out/certs/apiserver.crt" --secure-port=0 \
  --leader-elect=false "${signing[@]}" > "$out/controller-manager.log" 2>&1 &
processes+=($!)

# In the order of runTests; those of its own that are in no function are left out.
all=$(sed -n 's/^ *record_command run_\(.*\)_tests$/\1/p; s/^ *record_command run_\(.*\)$/\1/p; s/^ *run_recursive_resources_tests$/recursive_resources/p' \
  "$tree/test/cmd/legacy-script.sh" | sed 's/_tests$//' | awk '!seen[$0]++')
: > "$out/counts.tsv"
for name in ${only:-$all}; do
  began=$SECONDS
  (cd "$tree" && COUNTS="$out/counts.tsv" SECURE_API_PORT=$port setsid timeout -k 5 120 \
    bash "$here/run-function.sh" "$name" > "$out/$name.log" 2>&1 < /dev/null)
  code=$?
  passed=$(awk -F'\t' -v n="$name" '$1 == n && $3 == "pass"' "$out/counts.tsv" | wc -l)
  failed=$(awk -F'\t' -v n="$name" '$1 == n && $3 == "fail"' "$out/counts.tsv" | wc -l)
  [ $code = 124 ] && printf '%s\t%s\tlate\n' "$name" "$name" >> "$out/counts.tsv"
  echo "$name: $passed passed, $failed failed ($((SECONDS - began)) s)$([ $code = 124 ] && echo ', stopped after 120 s')"
done
awk -F'\t' '{ split($2, at, ":"); s = at[1]; if ($3 == "pass") p[s]++; else if ($3 == "fail") f[s]++; seen[s] }
  END { for (s in seen) if (p[s] + f[s]) printf "%s\t%d\t%d\n", s, p[s], p[s] + f[s] }' "$out/counts.tsv" | sort > "$out/score.tsv"
cat "$out/score.tsv"
awk -F'\t' '{ p += $2; n += $3 } END { printf "passed %d of %d assertions\n", p, n }' "$out/score.tsv"
echo "logs: $out"
