"""Reads the catalog of a built library: areas, kinds, parameters and constants."""
import ctypes


class ParamInfo(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint32), ("type", ctypes.c_int32),
                ("name", ctypes.c_char_p), ("default_value", ctypes.c_char_p),
                ("minimum", ctypes.c_double), ("maximum", ctypes.c_double),
                ("exclusive", ctypes.c_int32), ("words", ctypes.c_char_p),
                ("help", ctypes.c_char_p)]


class ConstantInfo(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint32), ("name", ctypes.c_char_p),
                ("group", ctypes.c_char_p), ("value", ctypes.c_int64)]


def load(library):
    lib = ctypes.CDLL(library)
    for name in ("clf_area_count", "clf_kind_count", "clf_param_count", "clf_constant_count"):
        getattr(lib, name).restype = ctypes.c_int64
    for name in ("clf_area_name", "clf_kind_name", "clf_kind_help"):
        getattr(lib, name).restype = ctypes.c_char_p
    return lib


def described(describe, kind, *arguments):
    """The members of a struct that a function describes, but for its size."""
    info = kind(struct_size=ctypes.sizeof(kind))
    if describe(*arguments, ctypes.byref(info)) != 0:
        raise SystemExit(f"{describe.__name__}{arguments} fails")
    members = {name: getattr(info, name) for name, _ in kind._fields_[1:]}
    return {name: value.decode() if isinstance(value, bytes) else value
            for name, value in members.items()}


def params(lib, area, kind):
    return [described(lib.clf_param_describe, ParamInfo, area, kind, ctypes.c_int64(index))
            for index in range(lib.clf_param_count(area, kind))]


def kinds(lib, area):
    names = [lib.clf_kind_name(area, ctypes.c_int64(index))
             for index in range(lib.clf_kind_count(area))]
    return {kind.decode(): {"help": lib.clf_kind_help(area, kind).decode(),
                            "params": params(lib, area, kind)} for kind in names}


def catalog(lib):
    areas = [lib.clf_area_name(ctypes.c_int64(index)) for index in range(lib.clf_area_count())]
    return {"areas": {area.decode(): kinds(lib, area) for area in areas},
            "constants": [described(lib.clf_constant_describe, ConstantInfo, ctypes.c_int64(index))
                          for index in range(lib.clf_constant_count())]}
