"""Free-text addresses of Hangzhou: their levels, and the standard address of a register that they name, with a grade (地址匹配).

`AddressIndex.of(register, codes, crosswalks, day)` is built once; `match(text, index)` says which place, how finely and why not finer.
"""

from xihu.standards.address.claims import GRADE, Match, describe
from xihu.standards.address.gazetteer import Gazetteer
from xihu.standards.address.index import AddressIndex
from xihu.standards.address.lexicon import Lexicon
from xihu.standards.address.match import match, match_table
from xihu.standards.address.parse import LEVELS, Address, parse

__all__ = ["GRADE", "LEVELS", "Address", "AddressIndex", "Gazetteer", "Lexicon", "Match", "describe", "match", "match_table", "parse"]
