"""Kinds of content that are told by their first bytes, or by the names in a .zip."""

from __future__ import annotations

import re
from collections.abc import Callable

from pipeline.corpus.readers.arrow import OLD_FEATHER_MAGIC, is_arrow_stream, read_arrow
from pipeline.corpus.readers.arrow_messages import FILE_MAGIC
from pipeline.corpus.readers.databases import SQLITE_MAGIC, read_database
from pipeline.corpus.readers.head import Head
from pipeline.corpus.readers.kinds import AS_TEXT, UNPACK, Kind, begins, has_member
from pipeline.corpus.readers.parquet import PARQUET_MAGIC, read_parquet
from pipeline.corpus.readers.workbooks import read_workbook

ARROW_ENDINGS = (".feather", ".arrow")
DATABASE_ENDINGS = (".db", ".sqlite", ".sqlite3")
WORKBOOK_ENDINGS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")

_NO_PICKLE = "save the records as .csv, .jsonl or .parquet: reading a pickle runs code inside it"
_NO_TEXT = "give the texts themselves"
_OLD_OFFICE = begins(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_OLD_BOOKS = tuple(name.encode("utf-16-le") for name in ("Workbook", "Book"))  # streams in an .xls


def _is_arrow(head: Head) -> bool:
    return head.data.startswith((FILE_MAGIC, OLD_FEATHER_MAGIC)) or is_arrow_stream(head.data)


def _is_excel(head: Head) -> bool:
    if not _OLD_OFFICE(head):
        return has_member(r"xl/workbook\.(xml|bin)")(head)
    return head.ending == ".xls" or any(name in head.data for name in _OLD_BOOKS)


def _is_sheet(head: Head) -> bool:
    return "content.xml" in head.members and b"opendocument.spreadsheet" in head.data


def _workbook(words: str, fits: Callable[[Head], bool], ending: str) -> Kind:
    fix = f"give it the ending {ending}, or save the sheet as .csv"
    return Kind(words, fits, read_workbook, fix, WORKBOOK_ENDINGS, under_its_own_name=True)


_READ = (
    Kind("a Parquet file", begins(re.escape(PARQUET_MAGIC)), read_parquet, endings=(".parquet",)),
    Kind("an Arrow file", _is_arrow, read_arrow, endings=ARROW_ENDINGS),
    Kind("an SQLite database", begins(re.escape(SQLITE_MAGIC)), read_database, endings=DATABASE_ENDINGS),
    _workbook("an Excel workbook", _is_excel, ".xlsx"),
    _workbook("an OpenDocument sheet", _is_sheet, ".ods"),
)
_DOCUMENTS = (
    Kind("a Word document", has_member(r"word/document\.xml"), fix=AS_TEXT),
    Kind("a presentation", has_member(r"ppt/presentation\.xml"), fix=AS_TEXT),
    Kind("an OpenDocument text", has_member(r"content\.xml"), fix=AS_TEXT),
    Kind("an old Office document, such as a .doc", _OLD_OFFICE, fix=AS_TEXT),
    Kind(
        "a PDF document",
        begins(rb"%PDF-"),
        fix="take its text out, and give a .csv with a label for each text",
    ),
    Kind("a PostScript document", begins(rb"%!PS"), fix="take its text out first"),
    Kind(
        "a picture",
        begins(rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|II\*\0|MM\0\*|RIFF....WEBP|BM.{4}\0{4}"),
        fix=_NO_TEXT,
    ),
    Kind(
        "a sound or a film",
        begins(rb"RIFF....(WAVE|AVI )|ID3[\x02-\x04]|OggS|fLaC|....ftyp|\x1aE\xdf\xa3"),
        fix=_NO_TEXT,
    ),
)
_ARRAYS_AND_MODELS = (
    Kind("a checkpoint of PyTorch, which is a pickle", has_member(r"(.*/)?data\.pkl"), fix=_NO_PICKLE),
    Kind(
        "a pickle",
        begins(
            rb"\x80[\x02-\x05]|\((dp|lp)\d+\n|c(copy_reg|pandas|numpy|collections|__builtin__|builtins)\b"
        ),
        fix=_NO_PICKLE,
    ),
    Kind("a file of NumPy arrays", has_member(r".*\.npy")),
    Kind("a file of a NumPy array", begins(rb"\x93NUMPY")),
    Kind("a model (safetensors)", begins(rb'.{5}\0\0\0\{"'), fix=_NO_TEXT),
    Kind("an HDF5 file", begins(rb"\x89HDF\r\n\x1a\n")),
)
_OTHER_TABLES = (
    Kind("an Avro file", begins(rb"Obj\x01")),
    Kind("an ORC file", begins(rb"ORC[\0-\x1f]")),
    Kind("a data file of R", begins(rb"RD[AX][23]\n|[XBA]\n\0\0\0[\x02\x03]"), fix="save it with write.csv"),
    Kind("a data file of Stata", begins(rb"<stata_dta>|[\x71-\x73][\x01\x02]\x01\0")),
    Kind("a data file of SPSS", begins(rb"\$FL[23]@\(#\)")),
    Kind("a data file of SAS", begins(rb"\0{12}\xc2\xea\x81\x60")),
    Kind("a data file of MATLAB", begins(rb"MATLAB \d")),
    Kind("an Access database", begins(rb"\0\x01\0\0Standard (Jet|ACE) DB")),
)
_ARCHIVES = (
    Kind("a program or package in a .zip", lambda head: bool(head.members), fix=UNPACK),
    Kind("a tar archive", lambda head: head.data[257:262] == b"ustar", fix=UNPACK),
    Kind(
        "an archive",
        begins(rb"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|MSCF\0|\x1f\x9d|\x04\x22\x4d\x18|!<arch>"),
        fix=UNPACK,
    ),
    Kind(
        "a program", begins(rb"\x7fELF|MZ.\0|\xca\xfe\xba\xbe"), fix="give a file with one document a record"
    ),
)

# In the order in which they are tried.
SIGNATURES: tuple[Kind, ...] = (*_READ, *_DOCUMENTS, *_ARRAYS_AND_MODELS, *_OTHER_TABLES, *_ARCHIVES)
