"""A strict reader of what a scrape gets, in both formats: whatever they do not allow, or discourage, is an error."""
import re

NAME = re.compile(r'[a-zA-Z_:][a-zA-Z0-9_:]*')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
VALUE = re.compile(r'(?:0|[1-9][0-9]*)(?:\.[0-9]+)?')  # what this program writes; the formats allow more
TYPES = {'counter', 'gauge', 'histogram'}
UNITS = ('seconds', 'bytes')


class Family:
    def __init__(self, name):
        self.name, self.type, self.unit = name, None, None
        self.samples = []  # (name, labels, value)


def need(good, why, line):
    if not good:
        raise ValueError(f'{why}: {line!r}')


def parse_sample(line):
    name = NAME.match(line)
    need(name, 'no name', line)
    at, labels = name.end(), {}
    if line[at : at + 1] == '{':
        at += 1
        while True:
            label = LABEL.match(line, at)
            need(label and label[1] not in labels and not label[1].startswith('__'), 'a bad label', line)
            labels[label[1]] = re.sub(r'\\(.)', lambda m: '\n' if m[1] == 'n' else m[1], label[2])
            at = label.end() + 1
            if line[label.end() : at] == '}':
                break
            need(line[label.end() : at] == ',', 'a label without an end', line)
    need(line[at : at + 1] == ' ' and VALUE.fullmatch(line[at + 1 :]), 'a bad value', line)
    return name[0], labels, float(line[at + 1 :])


def endings_of(family, openmetrics):
    """What a family's samples are called, after its name."""
    if family.type == 'histogram':
        return {'_bucket', '_sum', '_count'}
    return {'_total'} if family.type == 'counter' and openmetrics else {''}


def check_histograms(family):
    series = {}
    for name, labels, value in family.samples:
        key = tuple(sorted((k, v) for k, v in labels.items() if k != 'le'))
        series.setdefault(key, []).append((name.removeprefix(family.name), labels.get('le'), value))
    for key, samples in series.items():
        buckets = [(le, value) for ending, le, value in samples if ending == '_bucket']
        bounds = [float(le) for le, _ in buckets]
        need(all(le == '+Inf' or '.' in le for le, _ in buckets), 'a bound that is not canonical', family.name)
        need(bounds == sorted(set(bounds)) and bounds[-1] == float('inf'), 'bounds that do not ascend to +Inf', family.name)
        counts = [value for _, value in buckets]
        need(counts == sorted(counts), 'buckets that are not cumulative', family.name)
        need([ending for ending, _, _ in samples[-2:]] == ['_sum', '_count'], 'no sum and count at the end', family.name)
        need(samples[-1][2] == counts[-1], 'a count that is not the last bucket', family.name)
        need(len(samples) == len(buckets) + 2, f'samples too many of {key}', family.name)


def parse(text, openmetrics=False):
    """The families by name, in both formats under the name of the samples (with _total)."""
    need(text.endswith('\n'), 'no line end at the end', text[-20:])
    lines = text[:-1].split('\n')
    if openmetrics:
        need(lines.pop() == '# EOF', 'no EOF', text[-20:])
    families, seen, now = {}, set(), None
    for line in lines:
        need(line and line == line.strip(), 'a line that is empty or indented', line)
        if line.startswith('#'):
            words = line.split(' ', 3)
            need(len(words) == 4 and words[0] == '#' and NAME.fullmatch(words[2]), 'neither HELP nor TYPE nor UNIT', line)
            _, what, name, rest = words
            if what == 'HELP':
                now = Family(name)
                need(name not in families and rest and not re.search(r'[\\"]', rest), 'a family begun twice, or a bad help', line)
                families[name] = now
                continue
            need(now and name == now.name and not now.samples, f'{what} out of place', line)
            if what == 'TYPE':
                need(now.type is None and rest in TYPES, 'a bad type', line)
                now.type = rest
            else:
                need(what == 'UNIT' and openmetrics and name.endswith('_' + rest), 'a bad unit', line)
                now.unit = rest
            continue
        need(now and now.type, 'a sample of no family', line)
        name, labels, value = parse_sample(line)
        need(name.removeprefix(now.name) in endings_of(now, openmetrics) and name.startswith(now.name), 'a sample of another family', line)
        need(('le' in labels) == name.endswith('_bucket'), 'a bound out of place', line)
        series = (name, tuple(sorted(labels.items())))
        need(series not in seen, 'a series twice', line)
        seen.add(series)
        now.samples.append((name, labels, value))
    for family in families.values():
        need(family.type, 'no type', family.name)
        if family.type == 'histogram':
            check_histograms(family)
        if openmetrics:
            need(family.unit or not family.name.endswith(UNITS), 'no unit', family.name)
    if openmetrics:
        return {name + ('_total' if f.type == 'counter' else ''): f for name, f in families.items()}
    need(all((f.type == 'counter') == name.endswith('_total') for name, f in families.items()), 'a counter not called so', '')
    return families
