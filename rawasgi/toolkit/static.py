"""A path below a mount in -> the file of that name, and never another one, out.

bytes > server > app > middleware > routing > [handler] > response > bytes

    app.mount("/static", StaticFiles(directory="assets", html=True), name="static")

The path comes from the client, decoded: `..`, `%2e%2e`, `%2f`, a second slash, a backslash and NUL may all be in it. No
list of bad spellings decides what is served, but where the name leads in the end: the real path of the file, all links
followed, must lie below the real path of the directory. With `follow_symlink=True` a link may lead out of it.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope  (path, root_path)
In FastAPI:   starlette.staticfiles:StaticFiles
In Starlette: starlette.staticfiles:StaticFiles
In Flask:     flask.app:Flask.send_static_file
Left out:     lists of directories, compressed twins of a file, a race with somebody who may write into the directory
"""

import errno
import os
import stat
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from rawasgi.concurrency import run_in_threadpool
from rawasgi.exceptions import HTTPException
from rawasgi.messages.scopes import route_path
from rawasgi.messages.types import Receive, Scope, Send
from rawasgi.middleware import Failure
from rawasgi.responses import RedirectResponse, Response
from rawasgi.toolkit.files import FileResponse
from rawasgi.urls import URL
from rawasgi.websockets import refuse

PathLike = str | os.PathLike[str]

LONGEST_PATH = 4096  # characters, as Linux has it; realpath would look at every part of a longer one
NOWHERE = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)  # no such file, whatever the reason


class StaticFiles:
    """The files of a directory, of the `statics` of packages, or both: the first that has the file sends it.

    With `html=True` a directory is answered by its `index.html`, and what is not there by `404.html`. `check_dir` asks at
    construction whether the directory exists; else the first request does. RuntimeError where it does not.
    """

    def __init__(
        self,
        *,
        directory: PathLike | None = None,
        packages: Sequence[str | tuple[str, str]] | None = None,
        html: bool = False,
        check_dir: bool = True,
        follow_symlink: bool = False,
    ) -> None:
        self.directory, self.packages = directory, packages
        self.html, self.follow_symlink = html, follow_symlink
        self.all_directories = self.get_directories(directory, packages)
        self.config_checked = False
        if not self.all_directories:
            raise TypeError("StaticFiles() needs a directory, packages, or both: it would serve nothing")
        if check_dir:
            self.require_directory()

    def get_directories(
        self,
        directory: PathLike | None = None,
        packages: Sequence[str | tuple[str, str]] | None = None,
    ) -> list[PathLike]:
        """Where to look, in this order. A package is a name, for its folder `statics`, or a name and a folder."""
        directories: list[PathLike] = [] if directory is None else [directory]
        for package in packages or ():
            name, folder = (package, "statics") if isinstance(package, str) else package
            spec = find_spec(name)
            if spec is None or spec.origin is None:
                raise RuntimeError(f"StaticFiles: there is no package {name!r} with files")
            found = Path(spec.origin).parent / folder
            if not found.is_dir():
                raise RuntimeError(f"StaticFiles: the package {name!r} has no folder {folder!r}")
            directories.append(found)
        return directories

    async def check_config(self) -> None:
        """Ask, once, whether the directory is there: a wrong name is a loud error, not a 404 for ever."""
        await run_in_threadpool(self.require_directory)
        self.config_checked = True

    def require_directory(self) -> None:
        """RuntimeError where the directory is none."""
        if self.directory is not None and not Path(self.directory).is_dir():
            raise RuntimeError(f"StaticFiles: the directory {os.fspath(self.directory)!r} does not exist")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: 200, 206, 304, 307, 404, 405, or what FileResponse says of conditions and ranges."""
        if scope["type"] == "websocket":
            await refuse(scope, receive, send)
            return
        if not self.config_checked:
            await self.check_config()
        try:
            response = await self.get_response(self.get_path(scope), scope)
        except HTTPException as error:
            await Failure(error.status_code, dict(error.headers or {}))(scope, receive, send)
        else:
            await response(scope, receive, send)

    def get_path(self, scope: Scope) -> str:
        """The path below the mount, without its slash, `.`, `..` and empty parts taken out."""
        return os.path.normpath(route_path(scope).lstrip("/"))

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The answer to a path that `get_path` has made; HTTPException 404 and 405. Override it for another rule."""
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        full_path, found = await self.look_up(path)
        if self.html and found is not None and stat.S_ISDIR(found.st_mode):
            full_path, found = await self.look_up(f"{path}/index.html")
            if is_file(found) and not scope["path"].endswith("/"):
                return RedirectResponse(with_slash(scope))  # else the links of the page would begin a level too high
        if found is not None and is_file(found):
            return self.file_response(full_path, found, scope)
        if self.html:
            full_path, found = await self.look_up("404.html")
            if found is not None and is_file(found):
                return self.file_response(full_path, found, scope, 404)
        raise HTTPException(404)

    async def look_up(self, path: str) -> tuple[str, os.stat_result | None]:
        """`lookup_path` on a thread; what no file can be called is not there."""
        try:
            return await run_in_threadpool(self.lookup_path, path)
        except PermissionError:
            raise HTTPException(403) from None
        except ValueError:  # NUL, or half a surrogate pair
            return "", None

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """The real path of a file or directory and what the system says of it; an empty path and None where none is.

        It blocks. PermissionError for a file that is there and may not be read, ValueError for a name that cannot be one.
        """
        # A backslash is a letter here and a separator elsewhere: a name that means two things is no name.
        if path.startswith("/") or "\\" in path or len(path) > LONGEST_PATH:
            return "", None
        resolve = os.path.abspath if self.follow_symlink else os.path.realpath
        for directory in self.all_directories:
            root = resolve(directory)
            full_path = resolve(Path(root) / path)
            if not Path(full_path).is_relative_to(root):
                continue
            try:
                found = Path(full_path).stat()
            except OSError as error:
                if error.errno in NOWHERE:
                    continue
                raise
            if not os.access(full_path, os.R_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), full_path)
            return full_path, found
        return "", None

    def file_response(
        self,
        full_path: PathLike,
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """The file as a response, which looks at conditions and ranges by itself."""
        return FileResponse(full_path, status_code, stat_result=stat_result)


def is_file(found: os.stat_result | None) -> bool:
    """Whether it is there, and a regular file: no directory, pipe, socket or device."""
    return found is not None and stat.S_ISREG(found.st_mode)


def with_slash(scope: Scope) -> URL:
    """The URL that was asked for, with a slash at the end of its path."""
    raw_path = scope.get("raw_path")  # as the client wrote it: what was decoded once must not be decoded twice
    path = raw_path.decode("utf-8", "replace") if raw_path else scope["path"]
    return URL(scope={**scope, "path": path + "/"})
