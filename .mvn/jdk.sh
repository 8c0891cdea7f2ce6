# Sourced by mvnw and pipewright. find_jdk prints the home of a JDK 25 or newer, or says how to get one.

jdk_major() { # prints the major version of the JDK at $1; nothing if it is not a JDK
  [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] || return 1
  if [ -r "$1/release" ]; then
    sed -nE 's/^JAVA_VERSION="([0-9]+).*/\1/p' "$1/release"
  else
    "$1/bin/java" -version 2>&1 | sed -nE 's/.* version "([0-9]+).*/\1/p' | head -n 1
  fi
}

find_jdk() {
  local wanted=25 home major seen="" on_path=""
  if command -v javac >/dev/null 2>&1; then
    on_path=$(cd "$(dirname "$(readlink -f "$(command -v javac)")")/.." && pwd)
  fi
  for home in "${PIPEWRIGHT_JAVA_HOME:-}" "${JAVA_HOME:-}" "$on_path" \
    ${PIPEWRIGHT_JDK_DIRS-/usr/lib/jvm/* /usr/java/* /opt/java/* /opt/jdk* "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* /Library/Java/JavaVirtualMachines/*/Contents/Home}; do
    [ -n "$home" ] || continue
    major=$(jdk_major "$home") || continue
    [ -n "$major" ] || continue
    if [ "$major" -ge "$wanted" ]; then
      echo "$home"
      return 0
    fi
    seen="$seen $home (Java $major)"
  done
  {
    echo "JDK_NOT_FOUND: Pipewright needs a JDK $wanted, and none was found."
    if [ -n "$seen" ]; then echo "  Seen, but too old:$seen"; fi
    echo "  Looked in PIPEWRIGHT_JAVA_HOME, JAVA_HOME, the PATH and the usual install folders."
    echo "  Install one (for example Eclipse Temurin $wanted; on Debian the package temurin-$wanted-jdk) or set JAVA_HOME to where it is."
  } >&2
  return 1
}
