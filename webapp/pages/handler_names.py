"""Handler names found in source code, a runtime family each, and what is wrong with one that is not there.

Called by `webapp.pages.form` to check, and by `webapp.pages.handlers` to suggest. Code is read, never run, and
whatever can't be decided by reading is left for Lambda's own error to say.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath

from sandbox.runtimes import Runtime
from webapp.pages.code import Sources

NODE_SUFFIXES = (".mjs", ".js", ".cjs", ".ts", ".mts", ".cts")
_FIRST_NAMES = ("lambda_function", "index", "app", "main", "handler")
_MAX_FILES = 50


def detect(runtime: Runtime, sources: Sources, first: str = "") -> str:
    """The handler to call in `sources`, as `module.function`; "" where none is seen. `first` is looked at first."""
    if runtime.family not in ("python", "nodejs", "java"):
        return runtime.default_handler
    for path in _in_order(runtime.family, sources, first):
        text = sources.text(path)
        names = candidates(runtime.family, path, text or "")
        if names:
            return names[0]
    return ""


def candidates(family: str, path: str, text: str) -> list[str]:
    """Every handler that one file offers, the likeliest first."""
    if family == "python":
        return [f"{_module(path)}.{name}" for name in _python_functions(text)]
    if family == "nodejs":
        return [f"{PurePosixPath(path).with_suffix('')}.{name}" for name in _node_exports(text)]
    if family == "java":
        return _java_handlers(text)
    return []


def handler_problem(family: str, handler: str, sources: Sources) -> str:
    """The sentence for a handler that is surely not in the code; "" where it is, or where reading can't tell."""
    if family == "python":
        return _python_problem(handler, sources)
    if family == "nodejs":
        return _node_problem(handler, sources)
    return ""


def _in_order(family: str, sources: Sources, first: str) -> list[str]:
    suffixes = {"python": (".py",), "nodejs": NODE_SUFFIXES, "java": (".java",)}[family]
    paths = [file.path for file in sources.list() if file.is_text and file.path.endswith(suffixes)]

    def rank(path: str) -> tuple[bool, int, int, str]:
        stem = PurePosixPath(path).stem
        known = _FIRST_NAMES.index(stem) if stem in _FIRST_NAMES else len(_FIRST_NAMES)
        return path != first, path.count("/"), known, path

    return sorted(paths, key=rank)[:_MAX_FILES]


# Python


def _module(path: str) -> str:
    name = path.removesuffix(".py").removesuffix("/__init__")
    return name.replace("/", ".")


def _python_functions(text: str) -> list[str]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        found = re.findall(r"^def\s+(\w+)\s*\(\s*\w+\s*,\s*\w+", text, re.MULTILINE)
        return sorted(found, key=_liking)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and _takes_two(node.args)]
    wrapped = [name for name in _names_of(tree.body) if name in ("lambda_handler", "handler")]
    names = dict.fromkeys([*wrapped, *(node.name for node in functions if not node.name.startswith("_"))])
    return sorted(names, key=_liking)


def _takes_two(arguments: ast.arguments) -> bool:
    positional = len(arguments.posonlyargs) + len(arguments.args)
    required = positional - len(arguments.defaults)
    return required <= 2 <= positional or (required <= 2 and arguments.vararg is not None)


def _liking(name: str) -> tuple[int, str]:
    if name == "lambda_handler":
        return 0, name
    if name == "handler":
        return 1, name
    return (2 if "handler" in name.lower() else 3), name


def _python_problem(handler: str, sources: Sources) -> str:
    module, dot, function = handler.rpartition(".")
    if not dot or not module or not function:
        return (
            f"Bad handler '{handler}': a Python handler is written module.function, "
            "such as lambda_function.lambda_handler."
        )
    path = module.replace(".", "/").strip("/")
    found = next((name for name in (f"{path}.py", f"{path}/__init__.py") if name in sources), None)
    if found is None:
        return _missing_module(module, path, sources)
    names = _bound_names(sources.text(found) or "")
    if names is None or function in names:
        return ""
    offered = candidates("python", found, sources.text(found) or "")
    return f"Handler '{function}' missing on module '{module}'. {_offer(found, offered)}"


def _missing_module(module: str, path: str, sources: Sources) -> str:
    top = path.split("/", 1)[0]
    if top in sys.stdlib_module_names:
        return ""
    for file in sources.list():  # an extension module, byte code or a namespace package
        if file.path.startswith((f"{path}.", f"{path}/", f"{top}.")) and not file.path.endswith(".py"):
            return ""
    offered = [
        name for file in sources.list()[:_MAX_FILES] if file.path.endswith(".py")
        for name in candidates("python", file.path, sources.text(file.path) or "")
    ]  # fmt: skip
    return f"Unable to import module '{module}': there is no file {path}.py. {_offer('The code', offered)}"


def _offer(where: str, names: list[str]) -> str:
    if not names:
        return f"{where} defines no function that takes an event and a context."
    return f"{where} offers {' or '.join(names[:3])}."


def _bound_names(text: str) -> set[str] | None:
    """Every name that the module's own level binds; None where only running it would tell."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            return None
        if isinstance(node, ast.Name) and node.id in ("globals", "setattr", "exec", "vars", "locals", "__import__"):
            return None
        if isinstance(node, ast.FunctionDef) and node.name == "__getattr__":
            return None
    names = set(_names_of(tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            names.update(node.names)
    return names


def _names_of(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield (alias.asname or alias.name).split(".")[0]
            continue
        for inner in ast.walk(node):  # assignments, loops, with, try, match, walrus: whatever binds, at any depth
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                yield inner.id
            elif isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield inner.name
            elif isinstance(inner, ast.Import | ast.ImportFrom):
                for alias in inner.names:
                    yield (alias.asname or alias.name).split(".")[0]


# Node.js

_NODE_EXPORTS = (
    re.compile(r"\bexport\s+(?:async\s+)?function\s*\*?\s*([\w$]+)"),
    re.compile(r"\bexport\s+(?:const|let|var)\s+([\w$]+)"),
    re.compile(r"\bexports\.([\w$]+)\s*="),
)
_NODE_LISTS = (
    re.compile(r"\bexport\s*\{([^}]*)\}"),
    re.compile(r"\bmodule\.exports\s*=\s*\{([^}]*)\}"),
)


def _node_exports(text: str) -> list[str]:
    found = [name for pattern in _NODE_EXPORTS for name in pattern.findall(text)]
    for pattern in _NODE_LISTS:
        for names in pattern.findall(text):
            for item in names.split(","):
                words = re.findall(r"[\w$]+", item.split(":")[0])
                if words:
                    found.append(words[-1])  # "inner as outer" exports outer
    return sorted(dict.fromkeys(found), key=_liking)


def _node_problem(handler: str, sources: Sources) -> str:
    folder, slash, last = handler.rpartition("/")
    module, dot, function = last.partition(".")
    if not dot or not module or not function:
        return f"Bad handler '{handler}': a Node.js handler is written file.function, such as index.handler."
    path = f"{folder}{slash}{module}"
    found = [name for name in (path + suffix for suffix in NODE_SUFFIXES) if name in sources]
    if not found:
        if path in sources or any(file.path.startswith(f"{path}/") for file in sources.list()):
            return ""
        return f"Cannot find module '{path}': there is no file {path}.mjs or {path}.js in the package."
    top = function.split(".")[0]
    texts = [sources.text(name) or "" for name in found]
    if any(re.search(rf"(?<![\w$]){re.escape(top)}(?![\w$])", text) or _opaque(text) for text in texts):
        return ""
    offered = [name for path_, text in zip(found, texts, strict=True) for name in candidates("nodejs", path_, text)]
    offer = f" It exports {' or '.join(offered[:3])}." if offered else " It exports nothing."
    return f"{handler} is undefined or not exported by {found[0]}.{offer}"


def _opaque(text: str) -> bool:
    return bool(re.search(r"export\s*\*|module\.exports\s*=\s*(?!\{)|exports\[|\.\.\.", text))


# Java


def _java_handlers(text: str) -> list[str]:
    package = re.search(r"^\s*package\s+([\w.]+)\s*;", text, re.MULTILINE)
    prefix = f"{package[1]}." if package else ""
    found = []
    for name, rest in re.findall(r"\bclass\s+(\w+)([^{]*)\{", text):
        if re.search(r"\bRequest(?:Stream)?Handler\b", rest):
            found.append(f"{prefix}{name}::handleRequest")
    if not found:
        method = re.search(r"\bpublic\s+(?!class\b)[\w<>\[\], .?]+?\s(\w+)\s*\([^)]*\bContext\s+\w+\s*\)", text)
        named = re.search(r"\bclass\s+(\w+)", text)
        if method and named:
            found.append(f"{prefix}{named[1]}::{method[1]}")
    return found
