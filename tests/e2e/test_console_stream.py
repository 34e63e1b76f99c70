"""GET /offtake/v1/stream of a real server: what is told, how it goes on after a break, and what 200 of them cost."""

import asyncio
import json
import time

import httpx
import pytest

from support import manifests, sanitizers
from support.browser import Browser, Stream
from support.footprint import resident_mib
from support.products import wait_condition

pytestmark = pytest.mark.embedded
NAMESPACE, TOPIC = "streams", "streams.readings"
SCHEMA = {"type": "record", "name": "reading", "namespace": "streams", "fields": [{"name": "id", "type": "long"}]}


def dataset(name: str, **spec) -> dict:
    topic = f"{NAMESPACE}.{name}"
    return manifests.dataset(NAMESPACE, name, "Event", topic, **{
        "source": {"eventStoreName": "embedded", "topic": topic, "topicConfig": {"partitions": 1, "retention": "Forever"}},
        "schema": {"format": "Avro", "subject": f"{topic}-value", "definition": json.dumps(SCHEMA)}, **spec})


@pytest.fixture(scope="module", autouse=True)
def readings(server):
    server.cli.apply(manifests.namespace(NAMESPACE), dataset("readings"))
    wait_condition(server, "dataset", "readings", NAMESPACE, "Ready")


def test_a_dataset_that_is_made_appears(server):
    stream = Stream(server, "datasets,eventstores")
    assert stream.first["event"] == "ready" and stream.first["data"]["resumed"] is False
    server.cli.apply(dataset("appears", description="first"))
    told = stream.wait_changed("datasets", f"{NAMESPACE}/appears", spec__description="first")
    assert "managedFields" not in told["object"]["metadata"]
    server.cli.delete("dataset", "appears", NAMESPACE)
    stream.wait(lambda e: e["event"] == "removed" and e["data"] == {"topic": "datasets", "id": f"{NAMESPACE}/appears"})
    stream.close()


def without_managed_fields(object_: dict) -> dict:
    return {**object_, "metadata": {k: v for k, v in object_["metadata"].items() if k != "managedFields"}}


def test_the_last_state_told_is_the_one_that_is(server):
    """However often it changed; and not more often than every half second."""
    stream = Stream(server, "datasets")
    begin = time.monotonic()
    for number in range(40):
        patched = server.http("PATCH", f"/apis/offtake.dev/v1alpha1/namespaces/{NAMESPACE}/datasets/readings",
                              headers={"Content-Type": "application/merge-patch+json"},
                              data=json.dumps({"spec": {"description": f"change {number}"}}))
        assert patched.status_code == 200
    stream.wait_changed("datasets", f"{NAMESPACE}/readings", spec__description="change 39")
    took = time.monotonic() - begin
    wait_condition(server, "dataset", "readings", NAMESPACE, "Ready")
    present = server.cli.get("dataset", "readings", NAMESPACE)
    told = stream.wait_changed("datasets", f"{NAMESPACE}/readings",
                               metadata__resourceVersion=present["metadata"]["resourceVersion"])
    assert told["object"] == without_managed_fields(present)
    assert stream.names().count(("changed", f"{NAMESPACE}/readings")) <= took / 0.5 + 4
    stream.close()


def test_it_goes_on_after_a_break_and_says_when_it_cannot(server):
    stream = Stream(server, "datasets")
    server.cli.apply(dataset("resumed", description="before"))
    stream.wait_changed("datasets", f"{NAMESPACE}/resumed", spec__description="before")
    stream.close()
    wait_condition(server, "dataset", "resumed", NAMESPACE, "Ready")
    last_id = stream.last_id()
    server.cli.apply(dataset("resumed", description="meanwhile"), dataset("made-meanwhile"))
    later = Stream(server, "datasets", last_id=last_id)
    assert later.first["event"] == "ready" and later.first["data"]["resumed"] is True
    later.wait_changed("datasets", f"{NAMESPACE}/resumed", spec__description="meanwhile")
    later.wait_changed("datasets", f"{NAMESPACE}/made-meanwhile")
    assert not any(e["event"] == "changed" and e["data"]["object"]["spec"]["description"] == "before" for e in later.events)
    # A server that was killed knows nothing of what came before.
    server.restart()
    later.wait_ended()
    after = Stream(server, "datasets", last_id=later.last_id())
    assert after.first["event"] == "reset"
    server.cli.apply(dataset("resumed", description="after"))
    after.wait_changed("datasets", f"{NAMESPACE}/resumed", spec__description="after")
    after.close()


def test_a_quiet_stream_has_a_heartbeat(server):
    stream = Stream(server, "events/nowhere/nothing")
    begin = time.monotonic()
    beat = stream.wait(lambda e: e["event"] == "heartbeat", 20)
    assert 14 <= time.monotonic() - begin <= 20
    assert beat["id"] and beat["data"]["at"].endswith("Z")
    stream.close()


def test_a_product_with_its_progress_and_its_events(server):
    name = "followed"
    stream = Stream(server, f"dataproduct/{NAMESPACE}/{name},events/{NAMESPACE}/{name},dataproducts")
    stream.wait(lambda e: e["event"] == "removed" and e["data"]["id"] == f"{NAMESPACE}/{name}")
    server.cli.apply(manifests.product(NAMESPACE, name, "SELECT id FROM readings", class_name="sqlite"))
    listed = stream.wait_changed("dataproducts", f"{NAMESPACE}/{name}")
    assert "managedFields" not in listed["object"]["metadata"]
    topic = f"dataproduct/{NAMESPACE}/{name}"
    live = stream.wait(lambda e: e["event"] == "changed" and e["data"]["topic"] == topic and
                       any(r.get("state") == "Live" for r in e["data"]["progress"]["revisions"]), 60)
    assert live["data"]["id"] == f"{NAMESPACE}/{name}" and live["data"]["object"]["kind"] == "DataProduct"
    shown = server.http("GET", f"/apis/view.offtake.dev/v1alpha1/namespaces/{NAMESPACE}/dataproducts/{name}/progress").json()
    assert set(live["data"]["progress"]["revisions"][-1]) <= set(shown["revisions"][-1])
    event = stream.wait(lambda e: e["data"].get("topic") == f"events/{NAMESPACE}/{name}")
    assert event["data"]["object"]["involvedObject"]["name"] == name
    # Its page says which tool would write it back; the fields themselves are for appliers.
    kept = {(m["manager"], m["operation"], m.get("subresource")): set(m["fieldsV1"])
            for m in live["data"]["object"]["metadata"]["managedFields"]}
    present = server.cli.get("dataproduct", name, NAMESPACE)["metadata"]["managedFields"]
    assert kept.items() <= {(m["manager"], m["operation"], m.get("subresource")): set(m["fieldsV1"])
                            for m in present}.items()
    assert any("f:spec" in fields for fields in kept.values())
    assert all(set(map(str, m["fieldsV1"].values())) == {"{}"} and "time" not in m
               for m in live["data"]["object"]["metadata"]["managedFields"])
    # Who comes later is told at once.
    late = Stream(server, topic)
    late.wait(lambda e: e["event"] == "changed" and e["data"]["topic"] == topic, 5)
    server.cli.run("pause", name, "-n", NAMESPACE)
    late.wait(lambda e: e["event"] == "changed" and e["data"]["object"]["spec"].get("paused") is True)
    server.cli.delete("dataproduct", name, NAMESPACE)
    late.wait(lambda e: e["event"] == "removed" and e["data"]["topic"] == topic)
    stream.close()
    late.close()


def test_a_stream_ends_with_the_session(server):
    browser, other = Browser(server), Browser(server)
    browser.sign_in()
    other.sign_in()
    stream, others = Stream(server, "datasets", browser.client), Stream(server, "datasets", other.client)
    leaving = Browser(server)  # another window of the same browser
    leaving.client.cookies, leaving.csrf = browser.client.cookies, browser.csrf
    assert leaving.send("DELETE", "/offtake/v1/session").status_code == 204
    assert stream.wait(lambda e: e["event"] == "end", 5)["data"] == {"reason": "SignedOut"}
    stream.wait_ended()
    server.cli.apply(dataset("told-to-others"))
    others.wait_changed("datasets", f"{NAMESPACE}/told-to-others")
    others.close()


@pytest.mark.parametrize("topics", ["", "secrets", "dataproduct/x", "datasets,", "datasets/a"])
def test_topics_that_are_none(server, topics):
    answer = server.http("GET", f"/offtake/v1/stream?topics={topics}")
    assert answer.status_code == 400 and answer.json()["reason"] == "BadRequest"


def test_without_a_session_there_is_no_stream(server):
    assert httpx.get(server.url + "/offtake/v1/stream?topics=datasets").status_code == 401


def test_the_server_ends_in_time_with_streams_open(server):
    stream = Stream(server, "datasets,dataproducts")
    assert server.terminate(timeout=15) == 0
    stream.wait_ended()
    server.start()


STREAMS, ADDED_MIB = 200, 100


def test_200_open_consoles_are_light_and_miss_nothing(server):
    """Each with the topics of a page that is open; 50 of them read nothing for a while."""
    asyncio.run(follow_all(server))


async def follow_all(server):
    url = (f"{server.url}/offtake/v1/stream?topics=datasets,dataproducts,eventstores,targetclasses,"
           f"dataproduct/{NAMESPACE}/many,events/{NAMESPACE}/many")
    server.cli.apply(manifests.product(NAMESPACE, "many", "SELECT id FROM readings", class_name="sqlite"))
    await asyncio.to_thread(wait_condition, server, "dataproduct", "many", NAMESPACE, "Ready")
    before = resident_mib(server.child.pid)
    opened, release = asyncio.Semaphore(0), asyncio.Event()
    last = f"final-{time.time_ns()}"
    seen_last, resets = set(), []

    async def follow(client, number: int):
        async with client.stream("GET", url, headers={"Authorization": f"Bearer {server.token}"}) as answer:
            assert answer.status_code == 200
            opened.release()
            if number < 50:
                await release.wait()
            async for line in answer.aiter_lines():
                if line == "event: reset":
                    resets.append(number)
                if last in line:
                    seen_last.add(number)
                    return

    limits = httpx.Limits(max_connections=STREAMS + 10)
    async with httpx.AsyncClient(timeout=httpx.Timeout(60), limits=limits) as client:
        tasks = [asyncio.create_task(follow(client, number)) for number in range(STREAMS)]
        for _ in range(STREAMS):
            await opened.acquire()
        headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/merge-patch+json"}
        path = f"{server.url}/apis/offtake.dev/v1alpha1/namespaces/{NAMESPACE}/datasets/readings"
        peak = 0.0
        for number in range(100):
            text = f"change {number} {'x' * 1000}" if number < 99 else last
            answer = await client.patch(path, headers=headers, json={"spec": {"description": text}})
            assert answer.status_code == 200, answer.text
            peak = max(peak, resident_mib(server.child.pid))
            if number == 80:
                release.set()
        done, pending = await asyncio.wait(tasks, timeout=60)
        peak = max(peak, resident_mib(server.child.pid))
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        task.result()
    assert len(seen_last) == STREAMS and not pending
    assert resets == []
    # A sanitizer has memory of its own for each thread.
    assert peak - before < ADDED_MIB * sanitizers.patience(), f"{before:.1f} MiB before, {peak:.1f} with {STREAMS} streams"
    print(f"{STREAMS} streams: {peak - before:.1f} MiB on top of {before:.1f}")
    server.cli.delete("dataproduct", "many", NAMESPACE)
