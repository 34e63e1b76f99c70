#include "controlplane/cli/catalog_text.h"

#include <doctest/doctest.h>

using namespace offtake;

namespace {

json::Value parsed(const char* text) {
  auto value = json::parse(text);
  if (!value.ok()) FAIL(value.error().text());
  return *std::move(value);
}

base::Micros at(const char* text) {
  auto instant = base::parse_instant(text);
  REQUIRE(instant.ok());
  return *instant;
}

const cli::Console kConsole;

}  // namespace

TEST_CASE("a search is a table, and below each dataset what was found in it") {
  const json::Value catalog = parsed(R"({"items": [
    {"namespace": "retail", "name": "orders", "type": "Event", "owner": "orders-team", "columns": 8, "records": 142857,
     "rate": {"perSecond": 0.15, "spark": []}, "newest": "2026-11-23T09:00:00Z", "products": 2, "readable": true,
     "description": "One record per order placed, in any channel, whoever placed it and however it was paid for.",
     "matches": [{"field": "name", "text": "orders", "ranges": [[0, 6]]},
                 {"field": "column", "path": "order_id", "text": "order_id", "ranges": [[0, 5]]},
                 {"field": "column", "path": "note", "text": "of the order\u001b[31m", "ranges": [[7, 12]]}]},
    {"namespace": "shop", "name": "x", "type": "Entity", "owner": "", "products": 0, "readable": false,
     "description": "two\nlines", "key": [], "tags": ["a", "b"], "matches": []}], "total": 9})");
  CHECK(cli::catalog_text(catalog, false, at("2026-11-23T09:05:00Z"), kConsole) ==
        "DATASET                TYPE    OWNER        COLUMNS  RECORDS  RATE   NEWEST  PRODUCTS  DESCRIPTION\n"
        "retail/orders          Event   orders-team  8        142,857  9/min  5m      2         "
        "One record per order placed, in any channel, whoever placed…\n"
        "    column: order_id\n"
        "    note: of the order [31m\n"
        "shop/x (not readable)  Entity                                                0         two lines\n");
  CHECK(cli::catalog_note(catalog) == "2 of 9 datasets; --limit shows more, more words find fewer");
  CHECK(cli::catalog_note(parsed(R"({"items": [], "total": 0})")).empty());
}

TEST_CASE("one dataset: columns as a tree, what changed, what it goes with") {
  const json::Value dataset =
      parsed(R"J({"namespace": "retail", "name": "orders", "description": "Orders.", "type": "Event",
    "owner": "orders-team", "key": ["order_id"], "tags": [], "store": "main", "topic": "retail.orders", "subject": "s",
    "schemaVersion": 2, "access": {"from": "All"}, "status": {"ready": true, "reason": "Ready", "message": "fine"},
    "schema": [{"path": "order_id", "name": "order_id", "type": "bigint", "nullable": false, "key": true},
               {"path": "at", "name": "at", "type": "record(city text)", "nullable": true,
                "children": [{"path": "at.city", "name": "city", "type": "text", "nullable": false,
                              "classification": "pii.city", "description": "Where", "doc": "the city"}]},
               {"path": "odd", "name": "odd", "type": "", "nullable": true, "refused": "a union"}],
    "versions": [{"version": 2, "id": 9, "compatible": "Forward", "problems": ["no default"],
                  "changes": [{"kind": "Added", "path": "odd", "to": "a union", "nullable": true},
                              {"kind": "Type", "path": "n", "from": "integer", "to": "bigint"},
                              {"kind": "Default", "path": "n", "from": "none", "to": "0"}]},
                 {"version": 1, "id": 7, "changes": []}], "versionsTotal": 5,
    "relationships": [{"declared": false, "direction": "In", "dataset": {"namespace": "retail", "name": "payments"},
                       "columns": [{"from": "order_id", "to": "order_id"}, {"from": "a", "to": "b"}], "reason": "why"},
                      {"declared": true, "direction": "Out", "dataset": {"namespace": "retail", "name": "gone"},
                       "columns": [{"from": "x", "to": "y"}], "reason": "declared", "problem": "there is none"}],
    "usedBy": [{"namespace": "retail", "name": "p", "owner": "o", "reason": "Live", "className": "c", "columns": ["a", "b"]}],
    "producer": {"namespace": "retail", "name": "maker"}})J");
  CHECK(cli::dataset_text(dataset, false, 0, kConsole) == R"(Dataset retail/orders
Orders.

Owner:       orders-team
Type:        Event
Key:         order_id
Store:       main, topic retail.orders
Schema:      s, version 2
Read by:     every namespace
Status:      Ready: fine
Written by:  DataProduct retail/maker

Columns:
  NAME      TYPE    NULL      KEY  CLASSIFICATION  DESCRIPTION
  order_id  bigint  not null  key
  at        record
    city    text    not null       pii.city        Where
  odd                                              cannot be queried: a union

Versions:
  VERSION  ID  COMPATIBLE  CHANGES
  2        9   Forward     + odd a union
                           ~ n: integer -> bigint
                           ~ n: default none -> 0
                           ! no default
  1        7
  and 3 older ones

Goes together with:
  DATASET             ON                             BECAUSE
  <- retail/payments  order_id = order_id AND a = b  proposed: why
  -> retail/gone      x = y                          declared
  problem: retail/gone: there is none

Used by:
  PRODUCT   READY  OWNER  CLASS  READS
  retail/p  Live   o      c      a, b
)");
  const std::string wide = cli::dataset_text(dataset, true, 0, kConsole);
  CHECK(wide.find("Where — the city") != std::string::npos);
}

TEST_CASE("lineage is a tree in each direction") {
  const json::Value lineage = parsed(R"({"root": "dataset/a/x", "nodes": [
      {"id": "dataset/a/x", "kind": "Dataset", "namespace": "a", "name": "x", "depth": 0},
      {"id": "product/a/p", "kind": "DataProduct", "namespace": "a", "name": "p", "owner": "me", "reason": "Live", "depth": 1, "more": 2},
      {"id": "product/a/q", "kind": "DataProduct", "namespace": "a", "name": "q", "missing": true, "depth": 1},
      {"id": "target/a/p", "kind": "Target", "namespace": "a", "name": "t", "className": "pg", "depth": 2}],
    "edges": [{"from": "dataset/a/x", "to": "product/a/p", "columns": ["c", "d"]},
              {"from": "dataset/a/x", "to": "product/a/q"}, {"from": "product/a/p", "to": "target/a/p"}]})");
  CHECK(cli::lineage_text(lineage, kConsole) ==
        "Dataset a/x\n"
        "goes to\n"
        "  ├─ DataProduct a/p  Live, me, 2 more not shown, reads c, d\n"
        "  │  └─ Target a/t  pg\n"
        "  └─ DataProduct a/q  not there\n");
  const json::Value alone = parsed(
      R"({"root": "r", "nodes": [{"id": "r", "kind": "Dataset", "namespace": "a", "name": "x"}], "edges": []})");
  CHECK(cli::lineage_text(alone, kConsole) ==
        "Dataset a/x\nnothing is known to come from it or go into it\n");
}

TEST_CASE("rates and their curves") {
  CHECK(cli::rate_text(0) == "0");
  CHECK(cli::rate_text(0.0001) == "1/h");
  CHECK(cli::rate_text(0.01) == "36/h");
  CHECK(cli::rate_text(0.5) == "30/min");
  CHECK(cli::rate_text(1.25) == "1.2/s");
  CHECK(cli::rate_text(12'345.6) == "12,346/s");
  CHECK(cli::spark_text(parsed("[0, 1, 50, 100]")) == "▁▂▅█");
  CHECK(cli::spark_text(parsed("[0, 0]")).empty());
  CHECK(cli::spark_text(parsed("[7, 7]")) == "██");
}
