"""The whole path over TLS: Kafka by SASL_SSL with PLAIN, PostgreSQL with a verified certificate."""

import psycopg

from support import manifests
from support.products import Product, wait_condition
from support.shop import JOINED_SQL, Shop, rows
from support.tls import Authority

NAMESPACE = "secured"


def test_kafka_and_postgres_over_tls(server, kafka, secure_postgres):
    shop = Shop(kafka, server.registry_url, "tls")
    shop.create_topics()
    shop.fill(orders=1_000)
    secure_postgres.create_database("tls")
    server.cli.apply(manifests.namespace(manifests.SYSTEM), manifests.namespace(NAMESPACE),
                     *manifests.event_store(kafka, "secured", secure=True),
                     *manifests.target_class(secure_postgres, "tls", "secured"),
                     *shop.datasets(NAMESPACE, store="secured"),
                     manifests.product(NAMESPACE, "joined", JOINED_SQL, class_name="secured", key=["order_id"]))
    product = Product(server, secure_postgres, "tls", NAMESPACE, "joined")
    product.wait_live()
    shop.add_orders(100)
    product.wait_reached(shop.ends())
    with secure_postgres.connect(database="tls") as connection:
        assert rows(connection, f"SELECT * FROM {product.view} ORDER BY order_id") == shop.joined_rows()
        plain = rows(connection, "SELECT usename FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) "
                                 "WHERE NOT ssl AND usename IS NOT NULL AND pid <> pg_backend_pid() "
                                 "AND backend_type = 'client backend'")
        assert plain == []
    # No secret is in the job, the arguments, the environment or the log of the worker.
    worker, binding = product.worker(), product.binding()
    secrets = [binding["password"], "alice-secret", "admin-secret"]
    process = f"/proc/{worker.pid}"
    for place in (worker.folder / "job.json", worker.folder / "status.json", f"{process}/cmdline", f"{process}/environ"):
        try:
            text = open(place, "rb").read().decode(errors="replace")
        except FileNotFoundError:
            continue  # status.json is left when the worker ends
        assert not any(secret in text for secret in secrets), place
    assert not any(secret in worker.log_text() + server.child.output() for secret in secrets)
    with psycopg.connect(binding["uri"] + ("&" if "?" in binding["uri"] else "?") +
                         f"sslrootcert={secure_postgres.authority.certificate}") as reader:
        assert reader.execute(f"SELECT count(*) FROM {product.view}").fetchone()[0] == 1_100


def test_a_stranger_with_another_certificate_is_not_trusted(server, kafka, secure_postgres, _scratch):
    """The broker's and the database's certificates are of a CA that these resources do not name."""
    stranger = Authority(_scratch / "stranger").certificate.read_text()
    store = manifests.event_store(kafka, "untrusted", secure=True)
    store[0] = manifests.secret("untrusted-ca", ca_crt=stranger)
    server.cli.apply(*store)
    found = wait_condition(server, "eventstore", "untrusted", None, "Ready", "False", timeout=10)
    assert "certificate" in found["message"].lower(), found
    server.cli.apply(*manifests.target_class(secure_postgres, "postgres", "untrusted", ca_crt=stranger))
    found = wait_condition(server, "targetclass", "untrusted", None, "Ready", "False", timeout=10)
    assert "certificate" in found["message"].lower(), found
