"""What a suite tells: one TAP line a case, and why it failed."""
import contextlib
import sys
import traceback

_num_cases = 0
_num_failed = 0


@contextlib.contextmanager
def case(name):
    """The lines below it are one case: it passes unless they raise."""
    global _num_cases, _num_failed
    _num_cases += 1
    try:
        yield
    except Exception:  # noqa: BLE001: whatever it is, the case failed, and the next one is tried
        _num_failed += 1
        print(f'not ok {_num_cases} - {name}')
        for line in traceback.format_exc().splitlines()[1:]:
            print(f'# {line}')
        sys.stdout.flush()
    else:
        print(f'ok {_num_cases} - {name}', flush=True)


def skip(name, why):
    """A case that cannot be tried here."""
    global _num_cases
    _num_cases += 1
    print(f'ok {_num_cases} - {name} # SKIP {why}', flush=True)


def skip_all(why):
    """Ends the suite before it began, as skipped."""
    print(f'1..0 # SKIP {why}')
    sys.exit(0)


def finish():
    """Ends the suite."""
    print(f'1..{_num_cases}')
    sys.exit(1 if _num_failed else 0)


def same(got, expected, what=''):
    """Fails the case unless both are equal."""
    if got != expected:
        raise AssertionError(f'{what + ": " if what else ""}{got!r} instead of {expected!r}')


def contains(text, piece):
    """Fails the case unless `piece` is somewhere in `text`."""
    if piece not in text:
        raise AssertionError(f'{piece!r} is not in {text!r}')
