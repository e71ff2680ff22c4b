"""`serve` in a process of its own: answers equal to the model's, wrong requests told apart, limits, an orderly end."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import polars as pl
import psutil
import pytest
from clients import ask_together, request_of, result_of
from saved_builders import NEW, build_and_save, fit_and_save
from served import JSON, Served, served, write_served_run

from pipeline import __version__
from pipeline.models.saved import load_model
from pipeline.run_folder.models import model_folder

LABELS = ["good", "bad", "mixed", "never trained"]
ODD = ["", " ", "\0", "good\0bad", "a" * 5_000, "\u202efilm", "\U0001f600 good", "<br>", "é", "good " * 2_000]
TEXTS = [*NEW.to_list(), *ODD]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served_run(tmp_path_factory.mktemp("run") / "films")


@pytest.fixture(scope="module")
def service(run: Path) -> Iterator[Served]:
    with served(run, "--limit", "bytes=10000", "--limit", "texts=100") as running:
        yield running


def shares_of(reply: Any, labels: list[str]) -> np.ndarray:
    """Return the probabilities of a reply, float32 (N, C)."""
    rows = [[answer["probabilities"][label] for label in labels] for answer in reply["answers"]]
    return np.array(rows, dtype=np.float32)


# --- answers


@pytest.mark.longer
@pytest.mark.parametrize("name", ["tfidf", "gru:max@random:tuned"])
def test_a_text_gets_the_models_own_answer_whoever_asks_beside_it(tmp_path: Path, name: str) -> None:
    (fit_and_save if name == "tfidf" else build_and_save)(tmp_path, name)
    own = model_folder(tmp_path, name)
    model = load_model(own)
    expected = np.concatenate([model.answer(pl.Series([text])) for text in TEXTS])
    labels = [*model.label_names]
    with served(own) as running, ThreadPoolExecutor(16) as pool:
        together = running.ask(texts=TEXTS).json
        replies = [reply.json for reply in pool.map(lambda text: running.ask(texts=[text]), 3 * TEXTS)]
    alone = [answer for reply in replies for answer in reply["answers"]]
    assert alone == 3 * alone[: len(TEXTS)]
    assert together == {"model": name, "answers": alone[: len(TEXTS)]}
    np.testing.assert_array_equal(shares_of(together, labels), expected)  # to the last bit
    assert [answer["label"] for answer in together["answers"]] == [labels[row.argmax()] for row in expected]
    assert [answer["confidence"] for answer in together["answers"]] == [
        max(answer["probabilities"].values()) for answer in together["answers"]
    ]


def test_without_texts_there_are_no_answers(service: Served) -> None:
    assert service.ask(texts=[]).json == {"model": "tfidf", "answers": []}


def test_the_most_probable_labels_come_first(service: Served) -> None:
    whole = service.ask(texts=["a good film"]).json["answers"][0]["probabilities"]
    assert list(whole) == LABELS
    best = service.ask(texts=["a good film"], top=2).json["answers"][0]["probabilities"]
    assert list(best.items()) == sorted(whole.items(), key=lambda pair: -pair[1])[:2]
    assert service.ask(texts=["a good film"], top=9).json["answers"][0]["probabilities"] == whole


def test_what_is_unlike_training_is_said(service: Served) -> None:
    answers = service.ask(texts=["a good film", "quite other words", ""]).json["answers"]
    assert [answer["unlike_training"] for answer in answers] == [None, "100 % of its words unseen", "empty"]


def test_words_are_explained_where_they_stand(service: Served, run: Path) -> None:
    text = "A GOOD <br>film, \U0001f600 bad?"
    answer = service.ask(texts=[text], explain=True).json["answers"][0]
    said = answer["explanation"]
    assert (said["label"], said["method"], said["text"]) == (answer["label"], "weights", text)
    assert [text[word["start"] : word["end"]] for word in said["words"]] == [
        *("A", "GOOD", "film", ",", "\U0001f600", "bad", "?")
    ]
    assert [word["word"] for word in said["words"]] == ["a", "good", "film", ",", "\U0001f600", "bad", "?"]
    model = load_model(run, "tfidf")
    weights = {word["word"]: word["weight"] for word in said["words"]}
    assert weights["?"] == 0
    without = shares_of(service.ask(texts=[text.replace("GOOD", "")]).json, LABELS)[0]
    place = LABELS.index(said["label"])
    assert (weights["good"] > 0) == bool(without[place] < model.answer(pl.Series([text]))[0, place])


# --- what is refused


def refusal(where: str, what: str, fix: str) -> dict[str, str]:
    return {"where": where, "what": what, "fix": fix}


def test_a_body_that_is_no_question_is_refused(service: Served) -> None:
    reply = service.send("POST", "/predict", b'{"texts": [1]}')
    assert reply.status == 422
    assert reply.headers["content-type"] == "application/json"
    fix = "send every text in quotation marks; leave out those that are null"
    assert reply.json == refusal("texts[0]", "it is no string", fix)


@pytest.mark.parametrize("size", [10_001, 100_000, 1_000_000])
def test_a_body_that_is_too_large_is_refused(service: Served, size: int) -> None:
    reply = service.send("POST", "/predict", b" " * size)
    assert reply.status == 413
    fix = "send the texts in several requests"
    assert reply.json == refusal("body", "it has more than 10,000 bytes", fix)


def test_a_client_that_waits_for_leave_to_send_too_much_is_refused_at_once(service: Served) -> None:
    head = "POST /predict HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\n"
    with service.connect() as connection:
        connection.sendall(f"{head}content-length: 9000000000\r\nexpect: 100-continue\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_body_of_unknown_size_that_is_too_large_is_refused(service: Served) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    connection.request("POST", "/predict", iter([b" " * 4_000] * 3), dict(JSON))  # in pieces: chunked
    response = connection.getresponse()
    assert response.status == 413
    assert json.load(response)["what"] == "it has more than 10,000 bytes"
    connection.close()


def test_a_client_that_leaves_before_the_end_is_no_fault(service: Served) -> None:
    gone = 'embedseq_responses_total{path="/predict",status="400"}'
    before = counted(service).get(gone, 0)
    with service.connect() as connection:
        connection.sendall(request_of({"texts": ["good"]})[:-1])
        wait_until(lambda: counted(service)["embedseq_waiting_requests"] == 1)
    wait_until(lambda: counted(service)["embedseq_waiting_requests"] == 0)
    assert counted(service)[gone] == before + 1


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (None, "there is no content-type"),
        ("text/plain; charset=utf-8", 'content-type is "text/plain"'),
        ("application/x-www-form-urlencoded", 'content-type is "application/x-www-form-urlencoded"'),
    ],
)
def test_a_body_that_is_not_said_to_be_json_is_refused(service: Served, kind: str | None, what: str) -> None:
    """So that no other site's page makes a browser ask without having been allowed to."""
    reply = service.send("POST", "/predict", b'{"texts": []}', {"content-type": kind} if kind else {})
    assert reply.status == 415
    assert reply.json == refusal("headers", what, "send the header `content-type: application/json`")


def test_the_name_of_json_may_be_written_as_http_allows(service: Served) -> None:
    headers = {"content-type": "Application/JSON ; charset=utf-8"}
    assert service.send("POST", "/predict", b'{"texts": []}', headers).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "what", "fix"),
    [
        *(
            (
                method,
                path,
                404,
                "there is nothing at this path",
                "send texts to /predict; /docs lists all paths",
            )
            for method, path in (("GET", "/nothing"), ("POST", "/predict/"), ("GET", "/%00"))
        ),
        *(
            (
                method,
                path,
                405,
                "this path takes another method",
                "the header `allow` names it; /docs lists all paths",
            )
            for method, path in (("GET", "/predict"), ("DELETE", "/predict"), ("POST", "/"))
        ),
    ],
)
def test_a_wrong_path_or_method_is_refused(
    service: Served, method: str, path: str, status: int, what: str, fix: str
) -> None:
    reply = service.send(method, path, b"", {})
    assert reply.status == status
    assert reply.json == refusal(f"{method} {path}".replace("%00", "\0"), what, fix)
    allowed = {"/predict": "POST", "/": "GET, HEAD"}.get(path)
    assert status == 404 or set(reply.headers["allow"].split(", ")) == set((allowed or "").split(", "))


def test_what_is_no_http_is_refused(service: Served) -> None:
    with service.connect() as connection:
        connection.sendall(b"\x16\x03\x01 good film\r\n\r\n")
        status, body = response_of(connection)
    assert status == 400
    assert body == refusal("request", "this is not HTTP/1.1", "send it with an HTTP client, such as curl")


def response_of(connection: socket.socket) -> tuple[int, Any]:
    """Return status and content of a response after which the service closes the connection."""
    response = b"".join(iter(lambda: connection.recv(10_000), b""))
    head, _, body = response.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def test_nothing_of_all_this_was_a_fault(service: Served) -> None:
    assert service.get("/health").json == {"status": "ok"}
    assert len(service.said) == 1, service.said


# --- what it says of itself


def counted(service: Served) -> dict[str, float]:
    """Return what stands at /metrics, by name."""
    lines = service.get("/metrics").body.decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


def test_it_says_which_model_it_is(service: Served) -> None:
    said = service.get("/metadata").json
    assert (said["model"], said["labels"], said["words"]) == ("tfidf", LABELS, "weights")
    assert said["run"] == "films"
    assert 0 < said["accuracy"]["ci95"][0] < said["accuracy"]["value"] < said["accuracy"]["ci95"][1] < 1
    assert said["versions"]["embedseq"] == __version__
    assert (said["limits"]["texts"], said["limits"]["waiting"]) == (100, 128)


def test_it_counts_what_it_does(service: Served) -> None:
    before = counted(service)
    service.ask(texts=["a", "b", "c"])
    service.ask(texts=[1])
    after = counted(service)
    changed = {
        name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)
    }
    assert changed['embedseq_responses_total{path="/predict",status="200"}'] == 1
    assert changed['embedseq_responses_total{path="/predict",status="422"}'] == 1
    assert changed["embedseq_batch_texts_sum"] == 3
    assert changed["embedseq_predict_seconds_count"] == 1
    assert after["embedseq_waiting_requests"] == 0


def test_its_description_holds_for_what_it_answers(service: Served) -> None:
    described = service.get("/openapi.json").json
    schemas = {"$defs": described["components"]["schemas"]}
    local = json.loads(json.dumps(schemas).replace("#/components/schemas/", "#/$defs/"))

    def check(reply: Any, schema: str) -> None:
        jsonschema.Draft202012Validator(local | {"$ref": f"#/$defs/{schema}"}).validate(reply)

    check({"texts": ["a"], "top": 1, "explain": True}, "Question")
    check(service.ask(texts=TEXTS[:9]).json, "Answers")
    check(service.ask(texts=["good film"], explain=True).json, "Answers")
    check(service.ask(texts=[1]).json, "Refusal")
    check(service.get("/metadata").json, "Metadata")
    check(service.get("/health").json, "Health")
    assert {*described["paths"]} == {"/predict", "/metadata", "/health", "/metrics", "/openapi.json"}
    for path, methods in described["paths"].items():
        assert service.send(*(("GET", path) if "get" in methods else ("POST", path))).status in (200, 400)
    with pytest.raises(jsonschema.ValidationError):
        check({"model": "tfidf", "answers": [{"label": "good"}]}, "Answers")


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_name_no_host_and_run_no_other_script(service: Served, path: str) -> None:
    page = service.get(path)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    addresses = [part for part in page.body.decode().split('"') if "//" in part and "http" in part]
    assert not [one for one in addresses if one.startswith(("http", "//"))]


# --- limits of number and time


@pytest.mark.longer
def test_beyond_the_requests_in_hand_others_are_sent_away_for_a_second(run: Path) -> None:
    with served(run, "--limit", "waiting=1") as running, running.connect() as first:
        question = request_of({"texts": ["a good film"]})
        first.sendall(question[:-5])
        wait_until(lambda: counted(running)["embedseq_waiting_requests"] == 1)
        reply = running.ask(texts=["bad"])
        assert (reply.status, reply.headers["retry-after"]) == (503, "1")
        assert reply.json == refusal(
            "service",
            "too many requests are waiting",
            "try again after 1 s, or start the service with `--limit waiting=N`",
        )
        first.sendall(question[-5:])
        assert first.recv(100).startswith(b"HTTP/1.1 200 ")
        assert running.ask(texts=["bad"]).status == 200


def wait_until(holds: Any) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.longer
def test_clients_that_send_slowly_or_not_at_all_or_do_not_read_are_let_go(run: Path) -> None:
    question = request_of({"texts": ["a good film"]})
    with served(run, "--limit", "receive_seconds=1", "--limit", "texts=20000") as running:
        with running.connect() as half, running.connect() as head, running.connect() as silent:
            half.sendall(question[:-5])
            head.sendall(question[:20])
            status, body = response_of(half)
            assert status == 408
            assert body == refusal("body", "it did not arrive within 1 s", "send it again, at once")
            assert head.recv(100) == b""
            assert silent.recv(100) == b""
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)  # so that little lies between both
            deaf.connect(("127.0.0.1", running.port))
            deaf.sendall(request_of({"texts": ["a good film"] * 20_000}))
            deaf.recv(100)  # the answer has begun
            assert is_held(running, deaf)
            wait_until(lambda: not is_held(running, deaf))
        assert running.ask(texts=["good"]).status == 200
        assert len(running.said) == 1, running.said


def is_held(running: Served, connection: socket.socket) -> bool:
    """Whether a service has its side of a connection open."""
    held = psutil.Process(running.process.pid).net_connections("tcp")
    return any(one.raddr and one.raddr.port == connection.getsockname()[1] for one in held)


# --- many at once


@pytest.mark.longer
def test_thirty_two_clients_at_once_are_all_answered(service: Served) -> None:
    heard = result_of(ask_together(service.port, TEXTS[:4], clients=32, seconds=2))
    assert {*heard.statuses} == {200}
    assert heard.statuses[200] >= 32


@pytest.mark.longer
def test_over_its_limit_it_sends_away_and_goes_on(run: Path) -> None:
    with served(run, "--limit", "waiting=4") as running:
        heard = result_of(ask_together(running.port, TEXTS[:4], clients=32, seconds=2))
        assert {*heard.statuses} == {200, 503}
        assert running.ask(texts=["good"]).status == 200
        assert len(running.said) == 1, running.said


@pytest.mark.slow
def test_thirty_two_clients_wait_less_than_ten_times_as_long_as_one(service: Served) -> None:
    """Of a minute, p99 of all against the median of one client alone: on a machine that does nothing else."""
    one = result_of(ask_together(service.port, TEXTS[:4], clients=1, seconds=10))
    many = result_of(ask_together(service.port, TEXTS[:4], clients=32, seconds=60))
    assert {*many.statuses} == {200}
    assert many.milliseconds(0.99) < 10 * one.milliseconds(0.5)


# --- the end


@pytest.mark.longer
@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_once_what_was_accepted_is_answered(run: Path, signal_number: int) -> None:
    question = request_of({"texts": ["a good film"]})
    with served(run) as running, running.connect() as idle, running.connect() as first:
        first.sendall(question[:-5])
        wait_until(lambda: counted(running)["embedseq_waiting_requests"] == 1)
        running.process.send_signal(signal_number)
        wait_until(lambda: not is_listening(running.port))
        first.sendall(question[-5:])
        assert first.recv(100).startswith(b"HTTP/1.1 200 ")
        assert idle.recv(100) == b""
        assert running.process.wait(60) == 0
    assert len(running.said) == 1, running.said


def is_listening(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.longer
def test_it_can_be_ended_as_soon_as_it_says_where_it_is(run: Path) -> None:
    with served(run) as running:
        assert running.end() == 0


# --- where it listens


@pytest.mark.longer
def test_a_host_that_others_reach_is_warned_of(run: Path) -> None:
    with served(run, "--host", "0.0.0.0") as running:
        assert running.ask(texts=["good"]).status == 200
    warned, ready = running.said
    assert warned == (
        "warning: 0.0.0.0 is reached by other machines: whoever reaches this port can ask, there is neither a"
        " password nor encryption; put a proxy before it that has both [open-to-other-machines]"
    )
    assert ready == f"tfidf answers on http://0.0.0.0:{running.port} (Ctrl-C ends it)"


def test_a_loopback_host_is_not_warned_of(service: Served) -> None:
    assert service.said == [f"tfidf answers on http://127.0.0.1:{service.port} (Ctrl-C ends it)"]
    assert service.send("POST", "/predict", b'{"texts": []}', JSON).status == 200
