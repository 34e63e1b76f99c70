"""OpenSearch of the tests: a class whose servers Offtake starts, and a product in it as readers and as its control
index show it."""

import json
import os

import requests

from support import manifests, opensearch_home
from support.offtake import Server
from support.products import ControlRow, Product, _vectors

def local_class(name: str = "search", **parameters: str) -> dict:
    """A class whose OpenSearch Offtake starts."""
    settings = {"home": str(opensearch_home.home()), "javaHome": str(opensearch_home.runtime()), "memory": "512m",
                **parameters}
    if os.getuid() == 0:
        settings.setdefault("runAs", opensearch_home.ACCOUNT)
    return {"apiVersion": manifests.API, "kind": "TargetClass", "metadata": {"name": name},
            "spec": {"engine": "opensearch", "description": "OpenSearch of this installation",
                     "provisioner": {"local": {}}, "parameters": settings}}


class SearchProduct(Product):
    def __init__(self, server: Server, namespace: str, name: str):
        super().__init__(server, None, "", namespace, name)

    @property
    def url(self) -> str:
        return self.get()["status"]["endpoint"]["address"]

    @property
    def alias(self) -> str:
        return self.get()["status"]["endpoint"]["object"]

    def request(self, method: str, path: str, body: dict | None = None, expect: int = 200) -> dict:
        response = requests.request(method, self.url + path, json=body, timeout=60)
        assert response.status_code == expect, response.text
        return response.json()

    def search(self, **body) -> dict:
        """As a reader: through the public alias, of all that is there now."""
        self.request("POST", f"/{self.alias}/_refresh")
        return self.request("POST", f"/{self.alias}/_search", {"track_total_hits": True, **body})

    def documents(self, by: str | None = None) -> list[dict]:
        """All of them; over 10,000 need a column that tells them apart."""
        documents, total, after = [], None, {}
        while total is None or by is not None and len(documents) < total:
            found = self.search(size=10_000, **({"sort": [{by: "asc"}]} if by else {}), **after)["hits"]
            total = found["total"]["value"]
            if not found["hits"]:
                break
            documents += [hit["_source"] for hit in found["hits"]]
            after = {"search_after": found["hits"][-1].get("sort")}
        assert len(documents) == total
        return documents

    def rows(self, *columns: str, by: str | None = None) -> list[tuple]:
        """Sorted by the first column."""
        return sorted((tuple(document.get(column) for column in columns) for document in self.documents(by)),
                      key=lambda row: row[0])

    def _control_documents(self) -> list[dict]:
        index = f"offtake-control-{self.alias}"
        self.request("POST", f"/{index}/_refresh")
        hits = self.request("POST", f"/{index}/_search", {"size": 100, "query": {"term": {"kind": "control"}}})
        return sorted((hit["_source"]["document"] for hit in hits["hits"]["hits"]), key=lambda row: row["revision"])

    def controls(self, schema: str | None = None) -> list[ControlRow]:
        return [ControlRow(row["revision"], row["phase"], row["epoch"], row["incarnation"], row["owner"] or None, None,
                           *(_vectors(json.dumps(row[name])) for name in ("startOffsets", "cut", "offsets")),
                           row["content"]["rows"], row["content"]["sum"]) for row in self._control_documents()]

    def intent(self) -> dict | None:
        return self._control_documents()[-1].get("intent")

    @property
    def place(self) -> str:
        """The index of the newest revision."""
        return self._control_documents()[-1]["place"]
