"""What was done to an account, in words for the page; the English stands in this part's catalog."""

from __future__ import annotations

from pipeline.store.accounts import AccountEvent

CHANGE_NAMES: dict[AccountEvent, str] = {
    "created": "新建",
    "role": "变更岗位",
    "password": "更换密码",
    "disabled": "停用",
    "enabled": "启用",
    "sessions_ended": "结束登录",
}
