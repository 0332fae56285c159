#!/usr/bin/env bash
# Has a Chromium and a font that knows Chinese ready for the tests of pages; the second run finds nothing to do.
#
# Both are the system's. Root on a Debian gets them with apt; anybody else is told the one line, and the tests
# of pages are skipped, saying so. On CI (CI=true) they are not skipped: there what is missing is a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '%s\n' "$*" >&2; }

wanted=()
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || wanted+=(chromium)
# fontconfig comes with Chromium: where there is no fc-list there is no browser yet.
[ -n "$(fc-list :lang=zh-cn family 2>/dev/null || true)" ] || wanted+=(fonts-wqy-zenhei)
[ ${#wanted[@]} -gt 0 ] || exit 0

readonly line="apt-get update && apt-get install -y --no-install-recommends ${wanted[*]}"
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    say "! 没有浏览器或中文字体，页面测试将跳过；安装 / no browser or Chinese font, tests of pages are skipped; to install:"
    say "  sudo sh -c '$line'"
    [ "${CI:-}" != true ] || exit 1
    exit 0
fi
say "安装浏览器（约 1 分钟，一次）/ installing a browser (about a minute, once): ${wanted[*]}"
export DEBIAN_FRONTEND=noninteractive
mkdir -p .venv
if ! { apt-get update && apt-get install -y --no-install-recommends "${wanted[@]}"; } >.venv/browser.log 2>&1; then
    say "! 安装失败，页面测试将跳过 / could not be installed, tests of pages are skipped: $(tail -n 1 .venv/browser.log)"
    [ "${CI:-}" != true ] || exit 1
fi
