"""Every page that people see, as a table: pictures in `docs/pictures` are made of it, and axe looks at it.

A page is opened by somebody of a role, at the size at which it is meant to be used.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.store.accounts import PersonRole

DESK = (1280, 800)
PHONE = (390, 844)


@dataclass(frozen=True, slots=True)
class ShownPage:
    """A page.

    Attributes:
        name: Of its picture, without the language.
        role: Who opens it; None: nobody who signed in.
        path: Where it lies; `{claim_id}` stands for a claim that waits for a person.
        size: Width and height of the window, in CSS pixels.
        click: What is clicked before it is looked at, as a CSS selector; empty: nothing.
    """

    name: str
    role: PersonRole | None
    path: str
    size: tuple[int, int] = DESK
    click: str = ""


PAGES = (
    ShownPage("sign-in", None, "/login"),
    ShownPage("sign-in-phone", None, "/login", PHONE),
    ShownPage("accounts", "admin", "/accounts"),
    ShownPage("account", "reviewer", "/account"),
    ShownPage("not-found", "reviewer", "/nowhere"),
)
