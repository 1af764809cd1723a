"""The reference of the public names, from their signatures and docstrings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from book.arguments import further_fields
from book.docstrings import markdown, summary
from book.names import ABOUT, INNER, PAGES, Page
from book.snippets import shown_example
from ranvier.brian.public_names import NAMES, find
from ranvier.integrators.explicit import ExplicitStateUpdater

MEMBERS = (property, classmethod, staticmethod, type(lambda: None))
"""What is documented of a class; numpy's methods, for instance, are not."""


def write_reference(folder: Path) -> None:
    """Writes the pages of the public names and their index.

    Args:
        folder: The folder of the reference; it exists.
    """
    for page in PAGES:
        (folder / f"{page.place}.md").write_text(page_text(page), encoding="utf-8")
    rows = "\n".join(f"| [{page.title}]({page.place}.md) | {_links(page)} |" for page in PAGES)
    table = f"| | |\n|---|---|\n{rows}\n"
    (folder / "names.md").write_text(f"# All public names\n\n{table}", encoding="utf-8")


def _links(page: Page) -> str:
    return ", ".join(f"{{py:obj}}`~{name}`" for name in full_names(page))


def full_names(page: Page) -> list[str]:
    """Returns the names of a page with their modules."""
    return [
        *(f"ranvier.{name}" for name in page.names.split()),
        *(name.replace(":", ".") for name in page.further.split()),
    ]


def page_text(page: Page) -> str:
    """Returns a page of the reference."""
    parts = [f"# {page.title}", page.about, "```{py:currentmodule} ranvier\n```"]
    parts += [entry(name, find(name), "ranvier") for name in page.names.split()]
    for place in page.further.split():
        module, _, name = place.partition(":")
        parts.append(entry(name, getattr(import_module(module), name), module))
    return "\n\n".join(parts) + "\n"


def entry(name: str, what: Any, module: str) -> str:
    """Returns what the reference says of one object.

    Args:
        name: Its public name.
        what: The object.
        module: Where scripts import it from.
    """
    using = f"\n```{{eval-rst}}\n.. examples-using:: {module}.{name}\n```\n"  # book/used.py has the directive
    if inspect.isclass(what):
        kind = "exception" if issubclass(what, BaseException) else "class"
        said = f"{about(name, what)}{_further(name, what)}{_example(name, module)}{using}\n{members(what)}"
        return _directive(kind, f"{name}{signature(what)}", said, module)
    if inspect.isroutine(what):
        said = f"{about(name, what)}{_further(name, what)}{_example(name, module)}{using}"
        return _directive("function", f"{name}{signature(what)}", said, module)
    return _directive("data", name, about(name, what) + _example(name, module) + using, module)


def about(name: str, what: Any) -> str:
    """Returns the documentation of a public object as Markdown; empty if it has none."""
    if name in ABOUT:
        return markdown(ABOUT[name])
    if isinstance(what, ExplicitStateUpdater):
        formula = f"```text\n{inspect.cleandoc(what.description)}\n```\n"
        return f"{markdown(inspect.getdoc(import_module(NAMES[name])))}\n{formula}"
    text = inspect.getdoc(what)
    if text is not None and is_numpys(name, what):
        return f"{summary(text)} Units are kept or checked; everything else is as in `numpy.{name}`.\n"
    if not (inspect.isclass(what) or inspect.isroutine(what)):
        text = (text or "").partition("\nArgs:")[
            0
        ]  # it is the class's: its arguments are nothing to users of the object
    return markdown(text)


def _further(name: str, what: Any) -> str:
    """Returns what is said of arguments that a docstring leaves open."""
    made = vars(what).get("__init__") if inspect.isclass(what) else what
    if made is None or is_numpys(name, what):
        return ""
    return further_fields(name, what, "\n".join({inspect.getdoc(what) or "", inspect.getdoc(made) or ""}))


def _example(name: str, module: str) -> str:
    return "" if (name, module) == ("sweep", "ranvier.plots") else shown_example(name)


def is_numpys(name: str, what: object) -> bool:
    """Tells whether a function is documented by numpy."""
    return inspect.getdoc(what) == inspect.getdoc(getattr(import_module("numpy"), name, None))


class _Annotation(str):
    """An annotation that is shown as it is written, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def signature(what: Callable[..., Any], skipped: int = 0) -> str:
    """Returns the arguments of a function or a class, and what it returns.

    Args:
        what: The function or class.
        skipped: How many arguments are left out: 1 for `self`.
    """
    try:
        found = inspect.signature(what)
    except (ValueError, TypeError):
        return "()"
    shown = [_shown(each) for each in list(found.parameters.values())[skipped:]]
    result = inspect.Signature.empty if inspect.isclass(what) else _written(found.return_annotation)
    return str(found.replace(parameters=shown, return_annotation=result))


def _shown(parameter: inspect.Parameter) -> inspect.Parameter:
    return parameter.replace(annotation=_written(parameter.annotation))


def _written(annotation: object) -> object:
    return _Annotation(annotation) if isinstance(annotation, str) else annotation


def members(cls: type) -> str:
    """Returns the methods and properties of a class: its own and those of bases without a place of their own."""
    public = [base for base in cls.__mro__[1:] if base.__name__ in NAMES and find(base.__name__) is base]
    shown = [cls, *(base for base in cls.__mro__[1:] if is_ours(base) and base not in public)]
    covered = {base for each in public for base in each.__mro__}
    texts: dict[str, str] = {}
    for base in shown:
        if base is cls or base not in covered:
            for name, member in vars(base).items():
                if is_documented(name, member) and name not in texts:
                    texts[name] = _member(name, member, base)
    return "\n".join([text for _, text in sorted(texts.items())]) + "".join(_inherited(public, set(texts)))


def is_documented(name: str, member: object) -> bool:
    """Tells whether the reference shows a member of a class."""
    return not name.startswith("_") and name not in INNER and isinstance(member, MEMBERS)


def is_ours(cls: type) -> bool:
    """Tells whether a class is one of the package."""
    return cls.__module__.partition(".")[0] == "ranvier"


def _inherited(public: list[type], seen: set[str]) -> Iterator[str]:
    for base in public:
        names = [name for name, member in vars(base).items() if is_documented(name, member) and name not in seen]
        seen |= set(names)
        if names:
            links = ", ".join(f"{{py:obj}}`{name} <ranvier.{base.__name__}.{name}>`" for name in sorted(names))
            yield f"\nFrom {{py:class}}`ranvier.{base.__name__}`: {links}.\n"


def _member(name: str, member: Any, owner: type) -> str:
    about_it = markdown(inspect.getdoc(member))
    if isinstance(member, property):
        return _directive("property", name, about_it, fence="````")
    kind = {classmethod: "classmethod", staticmethod: "staticmethod"}.get(type(member), "method")
    function = member.__func__ if kind != "method" else member
    text = signature(function, skipped=0 if kind == "staticmethod" else 1)
    about_it += further_fields(f"{owner.__name__}.{name}", function, inspect.getdoc(member) or "")
    return _directive(kind, f"{name}{text}", about_it, fence="````")


def _directive(kind: str, head: str, body: str, module: str | None = None, fence: str = "`````") -> str:
    options = f":module: {module}\n" if module else ""
    return f"{fence}{{py:{kind}}} {' '.join(head.split())}\n{options}\n{body.strip()}\n{fence}\n"
