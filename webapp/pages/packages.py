"""Uploads and the file tree: a package comes in, is stored, and its text files are opened one by one.

With scripts, these answer partials; without, each button posts the form and gets the whole page.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from flask import Blueprint, Response, abort, make_response, render_template
from htmx_flask import request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from sandbox.errors import LambdaError
from sandbox.limits import MAX_ZIP_BYTES, MB
from sandbox.package import Package
from webapp.pages import code
from webapp.pages.code import Sources
from webapp.pages.form import Draft
from webapp.pages.playground import field_errors, render_playground, source_files
from webapp.pages.starting_points import MAX_EDITED_BYTES, first_draft, from_package, opened
from webapp.problems import drain
from webapp.services import Services, services

blueprint = Blueprint("packages", __name__)

TOO_LARGE = f"The upload is too large: a deployment package may have {MAX_ZIP_BYTES // MB} MB zipped."


@blueprint.post("/packages")
def upload() -> Response:
    """Store the uploaded file; the file tree, with a handler found in it, or a sentence at the upload field."""
    try:
        draft, errors = submitted(services())
    except RequestEntityTooLarge:
        drain()
        return field_errors({"upload": TOO_LARGE}) if request.htmx else _page_of_nothing()
    if not errors and not request.files.get("upload"):
        errors = {"upload": "Choose a file first: a .zip deployment package, or one source file."}
    if errors:
        return field_errors(errors) if request.htmx else render_playground(draft, errors=errors, status=422)
    return _tree(draft, next(iter(draft.files), ""), is_upload=True) if request.htmx else render_playground(draft)


@blueprint.get("/packages/<sha256>")
def tree(sha256: str) -> Response:
    """The tree of a package uploaded earlier, for a draft that the browser kept."""
    try:
        Sources(services().packages, {}, sha256)
    except LambdaError:
        abort(404, "The uploaded package is no longer stored here. Upload it again.")
    return _tree(Draft(base_package=sha256))


@blueprint.get("/packages/<sha256>/text")
def text(sha256: str) -> Response:
    """One text file of a package (`?path=`)."""
    path = request.args.get("path", "")
    try:
        sources = Sources(services().packages, {}, sha256)
    except LambdaError:
        abort(404, "The uploaded package is no longer stored here. Upload it again.")
    file = next((file for file in sources.list() if file.path == path), None)
    if file is None:
        abort(404, f"There is no file {path[:100]} in the package.")
    if file.size > MAX_EDITED_BYTES:
        abort(413, f"{path} has {file.size:,} bytes, which is more than the editor takes.")
    found = sources.text(path)
    if found is None:
        abort(415, f"{path} is binary.")
    response = Response(found, mimetype="text/plain")
    response.headers["Cache-Control"] = "private, max-age=3600"  # content-addressed
    return response


@blueprint.post("/files")
def files() -> Response:
    """The tree again, after a file was added, renamed or deleted; `path` are the names of those edited or new."""
    draft = Draft.from_form(request.form)
    draft = replace(draft, files={**dict.fromkeys(request.form.getlist("path"), ""), **draft.files})
    return _tree(draft, request.form.get("open", ""))


@blueprint.post("/files/open")
def open_file() -> Response:
    """Without scripts: the page again, with one more file of the package as a text field."""
    draft, errors = submitted(services())
    path = request.form.get("open", "")
    draft = replace(draft, files=opened(draft, services().packages, path))
    return render_playground(draft, errors=errors, open_path=path)


def submitted(shared: Services) -> tuple[Draft, dict[str, str]]:
    """The posted form's draft, with an upload that came with it taken in; {"upload": sentence} where it can't be."""
    draft = Draft.from_form(request.form)
    uploaded = request.files.get("upload")
    if uploaded is None or not uploaded.filename:
        return draft, {}
    try:
        package = _store(uploaded, shared)
    except LambdaError as error:
        return draft, {"upload": error.message}
    return from_package(draft, package, shared.packages), {}


def _store(uploaded: FileStorage, shared: Services) -> Package:
    data = uploaded.stream.read(MAX_ZIP_BYTES + 1)
    if len(data) > MAX_ZIP_BYTES:
        raise LambdaError(TOO_LARGE)
    name = PurePosixPath((uploaded.filename or "").replace("\\", "/")).name
    if not data.strip():
        raise LambdaError(f"{name} is empty.")
    if name.lower().endswith((".zip", ".jar")) or data.startswith(b"PK\x03\x04"):
        return shared.packages.put_zip(data, field="upload")
    if code.as_text(data) is None and not _runs_by_itself(data):
        raise LambdaError(f"{name} is binary, not source code. Upload compiled code in a .zip deployment package.")
    if problem := code.path_problem(name):
        raise LambdaError(problem)
    return shared.packages.put_files({name: data})


def _runs_by_itself(data: bytes) -> bool:
    return data.startswith(b"\x7fELF")  # a Go or Rust build, to be run as it is


def _tree(draft: Draft, open_path: str = "", *, is_upload: bool = False) -> Response:
    listed = source_files(draft, services())
    return make_response(
        render_template("partials/file_tree.html", draft=draft, files=listed, open_path=open_path, is_upload=is_upload)
    )


def _page_of_nothing() -> Response:
    """The form could not be read at all; the browser's own draft is put back in it by its script."""
    return render_playground(first_draft(), errors={"upload": TOO_LARGE}, is_given=False, status=413)
