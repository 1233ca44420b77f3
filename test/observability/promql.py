"""What an expression of Prometheus asks for: its selectors, and the labels it groups by. Not an evaluator; whatever it does not
know is an error, so that nothing is overlooked."""
import re

FUNCTIONS = {'absent', 'avg', 'histogram_quantile', 'increase', 'max', 'min', 'rate', 'sum', 'time'}
KEYWORDS = {'and', 'or', 'unless', 'bool'}
GROUPING = {'by', 'on'}
TOKEN = re.compile(r'''\s*(?:
    (?P<string>"[^"\\]*") | (?P<range>\[(?:[0-9]+[smhd]|\$__rate_interval)\]) | (?P<number>[0-9.]+) | (?P<word>[a-zA-Z_:][a-zA-Z0-9_:]*) |
    (?P<operator>=~|!~|==|!=|<=|>=|[-+*/<>=(){},]))''', re.VERBOSE)


class Selector:
    def __init__(self, name):
        self.name, self.matchers = name, []  # (label, operator, value)


def tokens_of(text):
    at, found = 0, []
    text = text.strip()
    while at < len(text):
        token = TOKEN.match(text, at)
        if not token:
            raise ValueError(f'{text[at:]!r} of {text!r} is not understood')
        found.append((token.lastgroup, token[token.lastgroup]))
        at = token.end()
    return found + [('end', '')]


def selectors_of(text):
    """(selectors, labels that results are grouped by)"""
    tokens = tokens_of(text)
    selectors, grouped, at = [], set(), 0
    while tokens[at][0] != 'end':
        kind, word = tokens[at]
        at += 1
        if kind != 'word' or word in KEYWORDS:
            continue
        opened = tokens[at][1] in ('(', 'by')  # sum (…), sum by (…) (…)
        if word in GROUPING and tokens[at][1] == '(':
            while tokens[at][1] != ')':
                at += 1
                if tokens[at][0] == 'word':
                    grouped.add(tokens[at][1])
            continue
        if opened:
            if word not in FUNCTIONS:
                raise ValueError(f'{word} of {text!r} is no function that is known here')
            continue
        one = Selector(word)
        selectors.append(one)
        if tokens[at][1] != '{':
            continue
        while tokens[at][1] != '}':
            (_, label), (_, operator), (value_kind, value) = tokens[at + 1 : at + 4]
            if operator not in ('=', '!=', '=~', '!~') or value_kind != 'string' or tokens[at + 4][1] not in (',', '}'):
                raise ValueError(f'a matcher of {text!r} is not understood')
            one.matchers.append((label, operator, value[1:-1]))
            at += 4
    if not selectors:
        raise ValueError(f'{text!r} asks for nothing')
    return selectors, grouped
