#!/usr/bin/env bash
# Installs what requirements.lock names into .venv, then the project itself (editable).
#
# A bare Debian lacks two things that no wheel brings: python3-venv, and the libraries that OpenCV loads.
# Root gets them with apt; anybody else is told the one line. The second run finds nothing to do.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly venv=.venv stamp=.venv/.installed log=.venv/setup.log
readonly libraries=(libGL.so.1 libglib-2.0.so.0 libgthread-2.0.so.0)
job=
# A step runs in a process group of its own, which Ctrl-C does not reach: it is ended here.
trap '[ -z "$job" ] || kill -- "-$job" 2>/dev/null || true' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { printf '%s\n' "$*" >&2; }

stop() {
    say "✗ $1"
    shift
    for line in "$@"; do say "  $line"; done
    exit 1
}

# step WHAT COMMAND...: runs the command with its output in the log, shows how long it takes.
step() {
    local what=$1 began=$SECONDS shown=0
    shift
    mkdir -p "$venv"
    printf '\n== %s\n' "$what" >>"$log"
    set -m
    "$@" >>"$log" 2>&1 </dev/null &
    job=$!
    set +m
    while kill -0 "$job" 2>/dev/null; do
        sleep 0.2
        if [ -t 2 ]; then
            printf '\r  … %s  %d s ' "$what" $((SECONDS - began)) >&2
        elif [ $((SECONDS - began - shown)) -ge 15 ]; then
            shown=$((SECONDS - began))
            say "  … $what  $shown s"
        fi
    done
    local status=0
    wait "$job" || status=$?
    job=
    [ -t 2 ] && printf '\r\033[K' >&2
    if [ "$status" -eq 0 ]; then say "  ✓ $what  $((SECONDS - began)) s"; fi
    return "$status"
}

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; }

find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3.11 python3 python3.13 python3.12; do
        if fits "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    stop "没有找到 Python 3.11–3.13 / no Python 3.11 to 3.13 here" \
        "Debian 12: apt-get install -y python3 python3-venv" \
        "装在别处时 / if it is elsewhere: make demo PYTHON=/path/to/python3.11"
}

# The libraries that OpenCV needs and this system does not have.
missing_libraries() {
    [ "$(uname -s)" = Linux ] || return 0
    "$1" - "${libraries[@]}" <<'PYTHON'
import ctypes, sys
for name in sys.argv[1:]:
    try:
        ctypes.CDLL(name)
    except OSError:
        print(name)
PYTHON
}

# What the installed set depends on: another lock, another Python or a moved folder installs anew.
fingerprint() {
    { pwd; "$1" -c 'import sys; print(sys.version)'; cat requirements.lock pyproject.toml tools/setup.sh; } | cksum
}

system_packages() {
    local python=$1 wanted=() version
    [ -z "$(missing_libraries "$python")" ] || wanted+=(libgl1 libglib2.0-0)
    if ! "$venv/bin/python" -c '' 2>/dev/null && ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        wanted+=("python$version-venv")
    fi
    [ ${#wanted[@]} -gt 0 ] || return 0
    if ! command -v apt-get >/dev/null; then
        stop "系统缺少 / this system lacks: $(missing_libraries "$python" | tr '\n' ' ')${wanted[*]}" \
            "请用系统的包管理器安装，再运行一次 / install them with your package manager, then run this again" \
            "(Fedora: dnf install mesa-libGL glib2)"
    fi
    if [ "$(id -u)" -ne 0 ]; then
        stop "系统缺少 ${wanted[*]}，请先运行这一行，再运行一次 / run this line, then try again:" \
            "sudo apt-get update && sudo apt-get install -y --no-install-recommends ${wanted[*]}"
    fi
    export DEBIAN_FRONTEND=noninteractive
    step "apt-get update" apt-get update ||
        stop "apt-get update 失败 / failed: $(tail -n 1 "$log")" "检查网络与软件源 / check the network and the apt sources; log: $log"
    step "apt-get install ${wanted[*]}" apt-get install -y --no-install-recommends "${wanted[@]}" ||
        stop "apt-get install 失败 / failed: $(tail -n 1 "$log")" "log: $log"
}

# uv at the locked version, checked against the locked hash. Fails where there is no wheel of it.
install_uv() {
    local version
    version=$(sed -n 's/^uv==\([^ ;]*\).*/\1/p' requirements.lock)
    [ "$("$venv/bin/uv" --version 2>/dev/null | cut -d' ' -f2)" = "$version" ] && return 0
    sed -n '/^uv==/,/^[^ ]/{/^uv==/p;/^ /p;}' requirements.lock >"$venv/uv.txt"
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip
    "$venv/bin/python" -m pip install --require-hashes --no-deps -r "$venv/uv.txt"
}

sync_with_uv() {
    # uv does not read pip's configuration: hand it on, so that a mirror set for pip serves here too.
    eval "$("$venv/bin/python" tools/uv_env.py)"
    "$venv/bin/uv" pip sync --python "$venv/bin/python" --require-hashes requirements.lock &&
        "$venv/bin/uv" pip install --python "$venv/bin/python" --offline --no-deps --no-build-isolation -e .
}

sync_with_pip() {
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip
    "$venv/bin/python" -m pip install --require-hashes --no-deps -r requirements.lock &&
        "$venv/bin/python" -m pip install --no-index --no-deps --no-build-isolation -e .
}

main() {
    # Two set-ups at once would spoil one folder: the second waits.
    if command -v flock >/dev/null; then
        exec 9<tools/setup.sh
        flock 9
    fi
    local python began=$SECONDS
    if [ -f "$stamp" ] && fits "$venv/bin/python" && [ "$(cat "$stamp")" = "$(fingerprint "$venv/bin/python")" ] &&
        [ -z "$(missing_libraries "$venv/bin/python")" ]; then
        return 0
    fi
    say "安装到 .venv（首次约 1 分钟，占 1 GB）/ installing into .venv (about a minute and 1 GB, once)"
    fits "$venv/bin/python" || rm -rf "$venv" # none, another version, or links to a Python that is gone
    python=$(find_python)
    rm -f "$stamp" "$log"
    system_packages "$python"
    if [ ! -x "$venv/bin/python" ]; then
        step ".venv" "$python" -m venv "$venv" ||
            stop "无法建立 .venv / cannot make .venv: $(tail -n 1 "$log")" "磁盘是否已满、目录可写否 / is the disk full, the folder writable?"
    fi
    if step "uv" install_uv && step "$(grep -c '^[a-z0-9]' requirements.lock) packages (uv)" sync_with_uv; then
        :
    else
        say "  uv 不行，改用 pip（约 2 分钟）/ uv did not work here, pip does it in about 2 minutes"
        step "packages (pip)" sync_with_pip || {
            grep -iE 'error|fail' "$log" | tail -n 3 >&2
            stop "安装失败 / the installation failed" \
                "能否访问软件包索引？公司镜像用 pip config 设置 / does this machine reach its package index? set a mirror with pip config" \
                "log: $log"
        }
    fi
    "$venv/bin/python" -c 'import cv2' 2>>"$log" || stop "OpenCV 无法加载 / OpenCV does not load: $(tail -n 1 "$log")" "log: $log"
    fingerprint "$venv/bin/python" >"$stamp"
    say "  ✓ 完成 / done  $((SECONDS - began)) s"
}

main
