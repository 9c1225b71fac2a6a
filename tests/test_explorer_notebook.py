"""The explorer as a widget, talked to as a notebook's page does: through its comm."""

import json
import time

import pytest
from tests.explorers import PATIENCE

from glasshouse.errors import InputError
from glasshouse.explorer.notebook import explore
from glasshouse.explorer.protocol import read_answer

PD = {"payoffs": [[[3.0, 0.0], [5.0, 1.0]], [[3.0, 5.0], [0.0, 1.0]]]}


@pytest.fixture(scope="module")
def kernel():
    pytest.importorskip("anywidget")
    manager = pytest.importorskip("jupyter_client").KernelManager(kernel_name="python3")
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=PATIENCE)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def heard(client, kind: str) -> dict:
    """The next message of a kind from the kernel."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        message = client.get_iopub_msg(timeout=PATIENCE)
        assert message["msg_type"] != "error", message["content"]
        if message["msg_type"] == kind:
            return message
    raise AssertionError(f"no {kind}")


@pytest.mark.slow
def test_two_places_of_a_widget_are_answered_each_by_itself(kernel):
    kernel.execute("from glasshouse.explorer.notebook import explore\nw = explore('stag_hunt')")
    opened = heard(kernel, "comm_open")
    while "page" not in opened["content"]["data"]["state"]:  # the layout has a comm, too
        opened = heard(kernel, "comm_open")
    state, comm = opened["content"]["data"]["state"], opened["content"]["comm_id"]
    assert "sandbox" in state["_esm"]
    assert "Content-Security-Policy" in state["page"]

    def say(**content) -> None:
        data = {"method": "custom", "content": content}
        message = kernel.session.msg("comm_msg", {"comm_id": comm, "data": data})
        kernel.shell_channel.send(message)

    def answered(view: str, kind: str) -> dict:
        while True:
            message = heard(kernel, "comm_msg")
            data = message["content"]["data"]
            if data.get("method") != "custom" or data["content"]["view"] != view:
                continue
            header, _ = read_answer(bytes(message["buffers"][0]))
            if header["kind"] == kind:
                return header

    say(view="a", kind="open")
    assert answered("a", "hello")["scene"]["title"].lower() == "stag hunt"
    say(view="b", kind="open")
    answered("b", "hello")
    for view, coupling in (("a", 0.1), ("b", 0.9)):
        question = {"number": int(10 * coupling), "scene": {**PD, "coupling": [coupling] * 2}}
        say(view=view, kind="ask", question=json.dumps(question))
        assert answered(view, "portrait")["number"] == int(10 * coupling)
    say(view="a", kind="ask", question="{")
    assert "JSON" in answered("a", "error")["message"]
    say(view="a", kind="close")
    say(view="c", kind="ask", question="{")  # who has not opened is not answered
    say(view="b", kind="ask", question="{")
    assert "JSON" in answered("b", "error")["message"]


def test_what_cannot_be_shown_is_said_before_anything_is_needed():
    with pytest.raises(InputError, match="height"):
        explore(height=3)
    with pytest.raises(InputError, match="two players with two actions"):
        explore("rock_paper_scissors")
