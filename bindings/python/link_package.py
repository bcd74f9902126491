"""Makes a package that runs in the build folder: link_package.py SOURCE TARGET STAMP DEPFILE GENERATED…

TARGET is a folder of links to the files of SOURCE and to those generated, so that a change is there at
once. DEPFILE names the folders of SOURCE: it runs again where a file is new or gone.
"""
import os
import pathlib
import sys


def link(path, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.is_symlink() or os.readlink(target) != str(path):
        target.unlink(missing_ok=True)
        target.symlink_to(path)


def main(source, target, stamp, depfile, *generated):
    source, target = pathlib.Path(source).resolve(), pathlib.Path(target)
    files = [path for path in sorted(source.rglob("*")) if "__pycache__" not in path.parts]
    wanted = {target / path.relative_to(source): path for path in files if path.is_file()}
    wanted.update({target / pathlib.Path(path).name: pathlib.Path(path).resolve() for path in generated})
    for old in set(target.rglob("*")) - set(wanted):
        if old.is_symlink():
            old.unlink()
    for place, path in wanted.items():
        link(path, place)
    folders = [source] + [path for path in files if path.is_dir()]
    pathlib.Path(depfile).write_text(f"{stamp}: " + " ".join(str(path).replace(" ", "\\ ") for path in folders) + "\n")
    pathlib.Path(stamp).write_text("")


main(*sys.argv[1:])
