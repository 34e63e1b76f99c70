"""One Apache Kafka broker (KRaft, broker and controller in one process) on loopback.

Two listeners: PLAINTEXT, and SASL_SSL with PLAIN for the user `alice`, its certificate signed by a CA made
for the run. Topics are made through the AdminClient of confluent-kafka.
"""

import base64
import os
import pathlib
import signal
import socket
import subprocess

from confluent_kafka import OFFSET_BEGINNING, Consumer, IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from support import paths, tls
from support.children import Child, ChildEnded, eventually, free_ports, port_owner_is

VERSION = "4.3.1"
USER, PASSWORD = "alice", "alice-secret"

_JVM = ["-Xms256m", "-Xmx768m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-XX:-UsePerfData",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]

_LEADER_NOT_YET_KNOWN = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.UNKNOWN_TOPIC_OR_PART,
                         KafkaError.LEADER_NOT_AVAILABLE, KafkaError.UNKNOWN_LEADER_EPOCH,
                         KafkaError.FENCED_LEADER_EPOCH)


def home() -> pathlib.Path:
    return paths.cached(f"kafka-{VERSION}")


def classpath() -> str:
    return f"{home()}/lib/*"


def archive() -> pathlib.Path:
    return home() / "kafka.jsa"


class Kafka:
    def __init__(self, folder: pathlib.Path, host: str = "127.0.0.1"):
        """`host`: the address it listens on, as that of this machine for pods of a cluster."""
        self.folder, self.host = folder, host
        self.child = None
        self._admin = None
        folder.mkdir(parents=True)
        self.authority = tls.Authority(folder / "tls")
        key, certificate = self.authority.issue("broker", names=f"IP:{host},DNS:localhost")
        self._keystore = folder / "tls/broker.pem"
        self._keystore.write_text(key.read_text() + certificate.read_text() + self.authority.certificate.read_text())

    def start(self, jvm_extra: list[str] | None = None) -> "Kafka":
        """Starts it, on new ports the first time and on the same ones later."""
        attempts = 3 if not hasattr(self, "port") else 1
        for attempt in range(attempts):
            if attempts > 1:
                self.port, self.secure_port, self._controller_port = free_ports(3)
                self._format()
            try:
                self._launch(jvm_extra)
                return self
            except ChildEnded:
                if attempt + 1 == attempts:
                    raise
        raise AssertionError("unreachable")

    def stop(self) -> None:
        if self.child is not None and self.child.running():
            self.child.stop(signal.SIGTERM, timeout=20)
        self._admin = None

    def kill(self) -> None:
        self.child.kill()

    @property
    def bootstrap(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def secure_bootstrap(self) -> str:
        return f"{self.host}:{self.secure_port}"

    def client_config(self, secure: bool = False) -> dict:
        quiet = {"log_level": 1}  # errors come back from the calls; brokers that go away are part of some tests
        if not secure:
            return {**quiet, "bootstrap.servers": self.bootstrap}
        return {**quiet, "bootstrap.servers": self.secure_bootstrap, "security.protocol": "SASL_SSL",
                "sasl.mechanism": "PLAIN", "sasl.username": USER, "sasl.password": PASSWORD,
                "ssl.ca.location": str(self.authority.certificate)}

    def admin(self) -> AdminClient:
        """Kept: a client that is dropped takes its unfinished calls with it."""
        if self._admin is None:
            self._admin = AdminClient(self.client_config())
        return self._admin

    def create_topic(self, name: str, partitions: int = 6, **config) -> None:
        """`config` with _ for the dots of Kafka's own names: cleanup_policy="compact"."""
        settings = {key.replace("_", "."): str(value) for key, value in config.items()}
        for future in self.admin().create_topics([NewTopic(name, partitions, 1, config=settings)]).values():
            future.result(30)
        eventually(lambda: self._has_leaders(name, partitions), 30, f"every partition of {name} has its leader")

    def _has_leaders(self, topic: str, partitions: int) -> bool:
        try:
            return len(self.offsets(topic)) == partitions
        except KafkaException as error:
            if error.args[0].retriable() or error.args[0].code() in _LEADER_NOT_YET_KNOWN:
                return False
            raise

    def delete_topic(self, name: str) -> None:
        for future in self.admin().delete_topics([name]).values():
            future.result(30)

    def offsets(self, topic: str, committed: bool = True) -> dict[int, int]:
        """Per partition the last stable offset, or with committed=False the high watermark."""
        level = IsolationLevel.READ_COMMITTED if committed else IsolationLevel.READ_UNCOMMITTED
        described = self.admin().list_topics(topic, 10).topics[topic]
        if described.error is not None:
            raise KafkaException(described.error)
        partitions = described.partitions
        asked = self.admin().list_offsets({TopicPartition(topic, p): OffsetSpec.latest() for p in partitions},
                                          isolation_level=level)
        return {tp.partition: future.result(10).offset for tp, future in asked.items()}

    def wait_no_open_transaction(self, topic: str) -> None:
        """The end of a transaction reaches its partitions a moment after the client was told of it."""
        eventually(lambda: self.offsets(topic) == self.offsets(topic, committed=False), 30,
                   f"no transaction is open on {topic}")

    def consumer(self, **config) -> Consumer:
        return Consumer({**self.client_config(), "group.id": "tests", "enable.auto.commit": False,
                         "auto.offset.reset": "earliest", **config})

    def read(self, topic: str):
        """The committed records of a topic up to its present end, from the first of each partition."""
        ends = self.offsets(topic)
        left = {partition for partition, end in ends.items() if end > 0}
        consumer = self.consumer(**{"isolation.level": "read_committed", "enable.partition.eof": True})
        try:
            consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in left])
            while left:
                message = consumer.poll(30)
                assert message is not None, f"{topic}: no end of partitions {sorted(left)} within 30 s"
                if message.error() is not None:
                    # Markers of transactions may be the last before the end.
                    assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
                    left.discard(message.partition())
                    continue
                end = ends[message.partition()]
                if message.offset() < end:
                    yield message
                if message.offset() + 1 >= end:
                    left.discard(message.partition())
        finally:
            consumer.close()

    def _format(self) -> None:
        data = self.folder / "data"
        if data.exists():
            subprocess.run(["rm", "-rf", str(data)], check=True)
        self._properties = self.folder / "server.properties"
        self._properties.write_text(self._settings(data))
        cluster = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=").replace("-", "A")
        done = subprocess.run(["java", *_JVM, *self._shared_classes(), "-cp", classpath(), "kafka.tools.StorageTool",
                               "format", "-t", cluster, "-c", str(self._properties)],
                              capture_output=True, text=True)
        assert done.returncode == 0, f"kafka storage format failed:\n{done.stdout}{done.stderr}"

    def _settings(self, data: pathlib.Path) -> str:
        plain, secure, controller = self.port, self.secure_port, self._controller_port
        jaas = "org.apache.kafka.common.security.plain.PlainLoginModule required"
        settings = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{self.host}:{plain},SASL_SSL://{self.host}:{secure},"
                         f"CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.host}:{plain},SASL_SSL://{self.host}:{secure}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "sasl.enabled.mechanisms": "PLAIN",
            "listener.name.sasl_ssl.plain.sasl.jaas.config": f'{jaas} user_{USER}="{PASSWORD}";',
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self._keystore,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self.authority.certificate,
            "log.dirs": data,
            "num.partitions": 1,
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "share.coordinator.state.topic.num.partitions": 1,
            "group.initial.rebalance.delay.ms": 0,
            "auto.create.topics.enable": "false",
            "log.retention.ms": -1,
            "log.initial.task.delay.ms": 1000,
            "log.cleaner.backoff.ms": 500,
            "log.cleaner.dedupe.buffer.size": 8 << 20,  # emptied each time
            "broker.session.timeout.ms": 2000,
            "broker.heartbeat.interval.ms": 500,
        }
        return "".join(f"{key}={value}\n" for key, value in settings.items())

    def _shared_classes(self) -> list[str]:
        return [f"-XX:SharedArchiveFile={archive()}"] if archive().exists() else []

    def _launch(self, jvm_extra: list[str] | None) -> None:
        extra = self._shared_classes() if jvm_extra is None else jvm_extra
        self.child = Child("kafka", ["java", *_JVM, *extra, "-cp", classpath(), "kafka.Kafka", self._properties],
                           self.folder / "kafka.log")
        self.child.wait_until(self._accepts, 60, "its port opens")
        metadata = self.admin().list_topics(timeout=30)
        assert 1 in metadata.brokers and metadata.brokers[1].port == self.port, metadata.brokers

    def _accepts(self) -> bool:
        with socket.create_connection((self.host, self.port), 1):
            return port_owner_is(self.port, self.child.pid)
