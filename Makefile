# 报销 Baoxiao: everything that is run by hand or by CI. Two commands need nothing else: make demo, make test.
.DEFAULT_GOAL := help
.PHONY: help install demo test lock fixtures accuracy confidence bench accuracy-samples bad-inputs screenshots fix clean
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
BIN := .venv/bin

help: ## 显示本说明 / shows this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-18s %s\n", $$1, $$2 }'

install: # 安装到 .venv，已装好则立即返回 / installs into .venv; at once where that is done
	@bash tools/setup.sh

demo: install ## 安装并识别示例票据 / installs, reads the sample papers, says where the report is
	@bash tools/demo.sh

test: install ## 安装并运行全部检查 / installs, runs every check
	@$(BIN)/ruff format --check --output-format concise . || { echo "✗ 格式 / format: make fix"; exit 1; }
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@bash tools/browser.sh
	@$(BIN)/python -m pytest -n 2 --dist loadfile

fix: install ## 整理格式与可自动修复的问题 / formats, mends what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: install ## 重新编译 requirements.lock（UPGRADE=1 升级全部）/ compiles the lock anew (UPGRADE=1: newest of all)
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile pyproject.toml tools/bootstrap.in \
		--extra dev --extra draw --extra accuracy --universal --python-version 3.11 --generate-hashes --overrides overrides.txt \
		--no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade) --quiet --output-file requirements.lock
	@! grep -n '://' requirements.lock || { echo "✗ requirements.lock 含有地址 / holds an address"; exit 1; }
	@bash tools/setup.sh

fixtures: install ## 重新绘制示例票据；N=200 LEVEL=scan SEED=7 OUT=目录 绘制任意数量 / draws the samples, or with N a set
ifdef N
	@$(BIN)/python -m fixtures.draw --set $(N) --level $(or $(LEVEL),all) --seed $(or $(SEED),1) \
		--out $(or $(OUT),out/sets/$(or $(LEVEL),all)-$(or $(SEED),1)) $(if $(JOBS),--jobs $(JOBS))
else
	@$(BIN)/python -m fixtures.draw --out fixtures/samples
	@$(BIN)/python tools/record_words.py
endif

# Three sets by their seed: one to develop on, one to fit confidence on, one to report; nobody tunes on the last.
accuracy: N ?= 640
accuracy: install ## 绘制报告集（种子 13）、识别、评测，约半小时 / draws the reporting set, reads it, measures it
	@$(BIN)/python -m fixtures.draw --set $(N) --level $(or $(LEVEL),all) --seed $(or $(SEED),13) --out out/accuracy/set
	@$(BIN)/baoxiao scan out/accuracy/set/papers --out out/accuracy/read --direct
	@$(BIN)/baoxiao evaluate out/accuracy/set out/accuracy/read

confidence: N ?= 600
confidence: install ## 绘制标定集（种子 2）、识别、拟合置信度 / draws the fitting set, reads it, fits the confidence anew
	@$(BIN)/python -m fixtures.draw --set $(N) --level all --seed 2 --out out/confidence/set
	@$(BIN)/baoxiao scan out/confidence/set/papers --out out/confidence/read --direct
	@$(BIN)/python tools/fit_confidence.py --dated $$(date +%F) out/confidence/set out/confidence/read

bench: install ## 速度与内存 / pages a second, CPU seconds and memory, beside PaddleOCR's own predict
	@$(BIN)/python benchmarks/speed.py

accuracy-samples: install ## 真实票据的准确率（../shared/real_samples）/ accuracy on published real papers
	@$(BIN)/python benchmarks/real_samples.py

bad-inputs: install ## 损坏与恶意文件（../shared/bad_inputs）/ broken and hostile files
	@$(BIN)/python benchmarks/bad_inputs.py

screenshots: install ## 页面截图，中英文各一套 / pictures of every page, in both languages, into docs/pictures
	@bash tools/browser.sh
	@$(BIN)/python tools/screenshots.py

clean: ## 删除安装与生成的文件 / removes what was installed and made
	@rm -rf .venv out .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
