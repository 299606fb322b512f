#!/usr/bin/env bash
# One function of Kubernetes' test/cmd, for cmd-suite.sh: run in the tree, it appends `FUNCTION, script:line, pass|fail` to $COUNTS.
name=$1
export KUBE_TEMP=$(mktemp -d)
export TERM=${TERM:-dumb} GOPATH=$KUBE_TEMP
trap 'rm -rf "$KUBE_TEMP"' EXIT
# The client's version is not the server's.
export ALLOW_SKEW=1
# The scripts stop at the first failure; here they go on. (`set` in a function named so is still the builtin.)
set() { case "$*" in '-o errexit' | '-o nounset') ;; *) builtin set "$@" ;; esac; }
source hack/lib/util.sh
source hack/lib/logging.sh
source hack/lib/test.sh
KUBE_ROOT=.
KUBE_OUTPUT_HOSTBIN=$KUBE_TEMP
record_command() { :; }
for script in test/cmd/*.sh; do
  # legacy-script.sh defines the variables and the tools of the others, and then proves its own record_command, which is not used here.
  [ "$script" = test/cmd/legacy-script.sh ] || source "$script"
done
source <(sed -n '/^# This contains util code/,/^# include shell2junit/p' test/cmd/legacy-script.sh | sed '/^source/d; /^KUBE_ROOT=/d')
source <(sed -n '/^# Stops the running kubectl proxy/,/^# Code to be run before/p' test/cmd/legacy-script.sh)
source <(sed -n '/^  # Generate a random namespace name/,/^  cleanup_tests()/p' test/cmd/legacy-script.sh | sed '$d; s/^  local /  /')
CONTEXT=test
kube::util::ensure-gnu-sed
export TMPDIR=${TMPDIR:-/tmp}
SUPPORTED_RESOURCES=('*')

# Each assertion is counted where the test made it, and answers yes.
count() {
  local result=$1 at= i
  for ((i = 2; i < ${#BASH_SOURCE[@]}; i++)); do
    case ${BASH_SOURCE[i]} in test/cmd/*) at="$(basename "${BASH_SOURCE[i]}"):${BASH_LINENO[i - 1]}"; break ;; esac
  done
  printf '%s\t%s\t%s\n' "$name" "${at:-?}" "$result" >> "$COUNTS"
}
counted() {
  local assertion=$1
  shift
  # Ten tries take 45 seconds: four, 6 seconds, are enough for controllers beside an API server.
  if [ "$assertion" = kube::test::object_assert ] && [ "$1" -gt 4 ]; then
    builtin set -- 4 "${@:2}"
  fi
  if "uncounted_$assertion" "$@"; then count pass; else count fail; fi
  return 0
}
for assertion in kube::test::object_assert kube::test::get_object_jsonpath_assert kube::test::describe_object_assert \
  kube::test::describe_object_events_assert kube::test::describe_resource_assert kube::test::describe_resource_events_assert \
  kube::test::if_has_string kube::test::if_has_not_string kube::test::if_empty_string kube::test::version::diff_assert; do
  declare -F "$assertion" > /dev/null || continue
  eval "uncounted_$(declare -f "$assertion")"
  eval "$assertion() { counted $assertion \"\$@\"; }"
done

test=run_${name}_tests
declare -F "$test" > /dev/null || test=run_$name
declare -F "$test" > /dev/null || { echo "no function $test"; exit 1; }
trap 'code=$?; echo "!! exit $code: ${BASH_SOURCE[0]}:$LINENO: $BASH_COMMAND"' ERR
builtin set -o errtrace
"$test"
