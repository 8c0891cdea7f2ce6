# shellcheck shell=bash
# Sourced by the benchmarks that run a server: a JDK, all parts built, and in $folder a home for the server. Both are gone at the end.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
# shellcheck source=../../.mvn/jdk.sh
source .mvn/jdk.sh
JAVA_HOME=$(find_jdk)
folder=$(mktemp -d)
export JAVA_HOME PATH="$JAVA_HOME/bin:$PATH" NO_COLOR=1 PIPEWRIGHT_PORT=0 PIPEWRIGHT_HOME="$folder/home"
cleanup() {
  ./pipewright down >/dev/null # where it fails a server may still run: its folder stays
  [ -n "${KEEP:-}" ] || rm -rf "$folder"
}
trap cleanup EXIT
./pipewright --version >/dev/null # builds, so that no figure holds a build
