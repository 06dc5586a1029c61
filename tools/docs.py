"""Builds the documentation as pages with a search: docs/_build/html/index.html.

    python tools/docs.py                      everything; two minutes
    python tools/docs.py --short [TARGET]     all but the modules, to a folder; what a test looks at

The parts: docs/reference.md, one page of each chapter; the public Python API from docstrings and the comments behind
arguments; the tutorials with their outputs; the notebook of each module. They are gathered in `source`, and Sphinx makes pages
of them in `html`. A warning is an error: a link that leads nowhere, a page that no list names. The pages ask nothing of any
other machine.
"""

import dataclasses
import importlib
import inspect
import json
import re
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
DOCS = HERE / "docs"

NOTHING = "\N{ZERO WIDTH SPACE}"  # a mark needs a text
BESIDE = {  # what `from mlops_nb import …` does not give
    "mlops_nb.batch.notebook": ("Value",),
    "mlops_nb.core.secret": ("secret",),
    "mlops_nb.profile.sketch": ("profile",),
    "mlops_nb.watch.drift": ("drift",),
}


def chapters(text: str) -> dict[str, str]:
    "The chapters of the reference, by the name of their file; headings one level up. The search leads to each line of a table."
    out = {}
    for part in re.split(r"^(?=## )", text, flags=re.M)[1:]:
        title = part.splitlines()[0].removeprefix("## ")
        page = re.sub(r"^#(#+ )", r"\1", part, flags=re.M)
        if title != "Commands":  # which are headings
            page = re.sub(r"^\| (`([^`<>]+)`) \|", rf"| {{index}}`{NOTHING} <\2>` \1 |", page, flags=re.M)
        out[re.sub(r"[^a-z]+", "-", title.lower())] = page
    return out


def annotation(value: Any) -> str:
    "`Snapshot`, where Python would say `mlops_nb.core.records.Snapshot`."
    return re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Za-z])", "", inspect.formatannotation(value))


def signature(function: Any) -> str:
    "`(name: str, data: Any, mode: Any = 'replace') -> Snapshot`"
    try:
        found = inspect.signature(function)
    except ValueError:
        return "()"
    none = inspect.Parameter.empty
    shown = []
    for p in found.parameters.values():
        if p.name == "self" or p.name.startswith("_"):
            continue
        kept = p.replace(annotation=none if p.annotation is none else _Said(annotation(p.annotation)))
        shown.append(kept.replace(default=_Said("…")) if p.default is not none and " at 0x" in repr(p.default) else kept)
    back = found.return_annotation
    return str(inspect.Signature(shown, return_annotation=none if back is none else _Said(annotation(back))))


class _Said:
    "Words that stand in a signature as they are."

    def __init__(self, words: str):
        self.words, self.__module__, self.__qualname__ = words, "builtins", words

    def __repr__(self) -> str:
        return self.words


def arguments(function: Any) -> list[str]:
    "The comments behind arguments or fields, as a list."
    from fastcore.docments import docments

    try:
        found = docments(function)
    except (TypeError, OSError, ValueError):
        return []
    return [f"- `{name}`: {words}" for name, words in found.items() if words and name not in ("self", "return")]


def described(kind: str, name: str, thing: Any, head: str) -> str:
    "One entry that the search knows by its name."
    words = inspect.cleandoc(thing.__doc__ or "")
    return "\n".join([f"::::{{py:{kind}}} {name}{head}", words, "", *arguments(thing), "::::", ""])


def workspace_page() -> str:
    "Every method of a workspace, by what it is about: each part of the class is a chapter."
    from mlops_nb import Workspace

    out = ["# Workspace", "", inspect.getdoc(Workspace) or "", "", "```{py:currentmodule} mlops_nb", "```", ""]
    out += [described("class", "Workspace", Workspace.__init__, signature(Workspace.__init__))]
    seen: set[str] = set()
    first = [part for part in Workspace.__mro__ if part.__module__ == Workspace.__module__]
    for part in [*first[:0:-1], Workspace, *(part for part in Workspace.__mro__[:-1] if part not in first)]:
        found = [n for n, f in vars(part).items() if not n.startswith("_") and (inspect.isfunction(f) or isinstance(f, property))]
        names = [name for name in found if name not in seen]
        seen.update(names)
        if names:
            about = (part.__doc__ or part.__name__).strip().splitlines()[0].rstrip(".")
            out += ["## In general" if part is Workspace else f"## {about}", ""]
        for name in names:
            thing = vars(part)[name]
            kind = "property" if isinstance(thing, property) else "method"
            out.append(described(kind, f"Workspace.{name}", thing, "" if kind == "property" else signature(thing)))
    return "\n".join(out)


def functions_page() -> str:
    "What else is public: functions, widgets, pipelines."
    import mlops_nb

    out = ["# Functions, widgets, pipelines", ""]
    groups = {"mlops_nb": [n for n in mlops_nb.__all__ if n not in ("Workspace", "__version__", "secret")], **BESIDE}
    for module, names in groups.items():
        out += [f"## `from {module} import …`", "", f"```{{py:currentmodule}} {module}", "```", ""]
        for name in names:
            thing = getattr(importlib.import_module(module), name)
            if not inspect.isclass(thing):
                out.append(described("function", name, thing, signature(thing)))
                continue
            out.append(described("class", name, thing, "" if issubclass(thing, Exception) else signature(thing)))
            out += [described("method", f"{name}.{n}", f, signature(f)) for n, f in own(thing)]
    return "\n".join(out)


def own(cls: type) -> Iterable[tuple[str, Any]]:
    "The described methods that a class of ours has itself."
    return [(n, f) for n, f in vars(cls).items() if not n.startswith("_") and inspect.isfunction(f) and f.__doc__]


def records_page() -> str:
    "What methods of a workspace return, and what stands in the fields of those."
    from mlops_nb import Workspace
    from mlops_nb.core.records import Record

    methods = [f for _, f in inspect.getmembers(Workspace, inspect.isfunction)]
    waiting = [(f.__module__, inspect.signature(f).return_annotation) for f in methods]
    defined, found = places(), dict[str, type]()
    while waiting:
        origin, said = waiting.pop()
        for name in set(re.findall(r"[A-Z]\w+", annotation(said))) - set(found):
            here = getattr(importlib.import_module(origin), name, None)
            elsewhere = (getattr(importlib.import_module(module), name) for module in (() if here else defined.get(name, ())))
            for cls in (here, *elsewhere):
                if inspect.isclass(cls) and issubclass(cls, Record) and dataclasses.is_dataclass(cls) and name not in found:
                    found[name] = cls
                    waiting += [(cls.__module__, f.type) for f in dataclasses.fields(cls)]
    words = "Frozen dataclasses. Each shows itself in a notebook, and `.to_dict()` gives what the command line's `-o json` says."
    out = ["# Records", "", words, ""]
    for name, cls in sorted(found.items()):
        notes = dict(line.removeprefix("- `").split("`: ", 1) for line in arguments(cls))
        out += [f"```{{py:currentmodule}} {cls.__module__}", "```", f"::::{{py:class}} {name}", inspect.cleandoc(cls.__doc__ or ""), ""]
        for field in dataclasses.fields(cls):
            if not field.name.startswith("_"):
                kind = field.type if isinstance(field.type, str) else annotation(field.type)
                out.append(", ".join([f"- `{field.name}`: `{kind}`", *([notes[field.name]] if field.name in notes else [])]))
        out += ["::::", ""]
    return "\n".join(out)


def places() -> dict[str, list[str]]:
    "The modules that define a class of a name; importing them all would take longer than the rest."
    out: dict[str, list[str]] = {}
    for path in sorted((HERE / "mlops_nb").rglob("*.py")):
        for name in re.findall(r"^class (\w+)", path.read_text(encoding="utf-8"), re.M):
            out.setdefault(name, []).append(".".join(path.relative_to(HERE).with_suffix("").parts))
    return out


FOLDERS = ("core", "profile", "score", "store", "compile", "batch", "serve", "watch", "desk", "doors")  # from the ground up


def write_notebook(path: Path, target: Path) -> None:
    "A notebook as a page's source, without what is for nbdev alone."
    book = json.loads(path.read_text(encoding="utf-8"))
    book["metadata"]["language_info"] = {"name": "python"}  # a clean leaves none
    for cell in book["cells"]:
        cell["source"] = re.sub(r"^#\| .*\n?", "", "".join(cell["source"]), flags=re.M)
    book["cells"] = [cell for cell in book["cells"] if cell["source"].strip()]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(book), encoding="utf-8")


def gather_modules(source: Path) -> None:
    "The notebook of each module, and a list of them in the first page."
    listed = ["", "```{toctree}", ":caption: Modules, as they are made", ":maxdepth: 1", ""]
    for folder in FOLDERS:
        for path in (HERE / "nbs" / folder).glob("*.ipynb"):
            write_notebook(path, source / "modules" / folder / path.name)
        page = f"# mlops_nb.{folder}\n\n```{{toctree}}\n:glob:\n:maxdepth: 1\n\n{folder}/*\n```\n"
        (source / "modules" / f"{folder}.md").write_text(page, encoding="utf-8")
        listed.append(f"modules/{folder}")
    with (source / "index.md").open("a", encoding="utf-8") as file:
        file.write("\n".join([*listed, "```", ""]))


def gather(source: Path) -> None:
    "Everything that becomes a page, but the modules."
    shutil.rmtree(source, ignore_errors=True)
    for name in ("reference", "api", "tutorials"):
        (source / name).mkdir(parents=True)
    shutil.copyfile(DOCS / "index.md", source / "index.md")
    for name, text in chapters((DOCS / "reference.md").read_text(encoding="utf-8")).items():
        (source / "reference" / f"{name}.md").write_text(text, encoding="utf-8")
    for name, page in {"workspace": workspace_page, "functions": functions_page, "records": records_page}.items():
        (source / "api" / f"{name}.md").write_text(page(), encoding="utf-8")
    for path in sorted((HERE / "nbs" / "tutorials").glob("*.ipynb")):
        write_notebook(path, source / "tutorials" / path.name)


LOADS = re.compile(r"""<(?:script|img|link|iframe|source|video|audio|object|embed)\b[^>]*?\b(?:src|href|data)=["']((?:https?:)?//[^"']+)""")


def reaching(target: Path) -> list[str]:
    "Addresses of other machines that a page would load something from; links that a person follows are none."
    pages = {path: LOADS.findall(path.read_text(encoding="utf-8")) for path in sorted(target.rglob("*.html"))}
    styles = {path: re.findall(r"url\(['\"]?((?:https?:)?//[^)'\"]+)", path.read_text(encoding="utf-8")) for path in target.rglob("*.css")}
    return [f"{path.relative_to(target)}: {url}" for path, found in (pages | styles).items() for url in found]


def build(target: Path, short: bool = False) -> bool:
    "Makes the pages in a folder; what Sphinx says goes to stderr."
    from sphinx.cmd.build import build_main

    source, pages = target / "source", target / "html"
    gather(source)
    if not short:
        gather_modules(source)
    words = ["-b", "html", "-W", "--keep-going", "-q", *(() if short else ("-j", "auto"))]
    well = build_main([*words, "-c", str(DOCS), "-d", str(target / "trees"), str(source), str(pages)]) == 0
    far = reaching(pages)
    if far:
        print("These pages would ask other machines:", *far, sep="\n  ", file=sys.stderr)
    return well and not far


if __name__ == "__main__":
    given = [word for word in sys.argv[1:] if word != "--short"]
    place = Path(given[0]).resolve() if given else DOCS / "_build"
    if not build(place, "--short" in sys.argv):
        sys.exit(1)
    print(place / "html" / "index.html")
