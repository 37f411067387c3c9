"""Standard output for results alone, without a command around it."""

from __future__ import annotations

import sys

from tests.sdk.test_cli_output import shell


def test_results_get_through_where_standard_error_is_closed() -> None:
    code = "from sdk.cli.output import results_alone as alone\nwith alone('test'): print('result')"
    done = shell(f'{sys.executable} -c "{code}" 2>&-')
    assert (done.returncode, done.stdout) == (0, "result\n")
