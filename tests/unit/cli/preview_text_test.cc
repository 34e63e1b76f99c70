#include "controlplane/cli/preview_text.h"

#include <doctest/doctest.h>

using namespace offtake;

TEST_CASE("a preview is a table of one line a row, and says what is in error") {
  const auto preview = json::parse(R"({"columns": [{"name": "id"}, {"name": "note"}],
    "rows": [["1", "two\nlines"], ["2", null], ["3", ""]], "rowsFound": 8, "moreRows": false,
    "summary": ["shop/orders: the newest 500 records"],
    "rowErrors": [{"message": "division by zero", "row": "id=7"}],
    "keyViolations": [{"key": "id=9", "first": "a", "second": "b"}], "badRecords": ["offset 3"]})");
  REQUIRE(preview.ok());
  const cli::Console console;
  CHECK(cli::preview_text("DataProduct shop/x", *preview, console) ==
        "DataProduct shop/x\nid  note\n1   two lines\n2   NULL\n3   ''\n");
  CHECK(cli::preview_notes(*preview) ==
        std::vector<std::string>{"3 of 8 rows", "shop/orders: the newest 500 records",
                                 "in error: division by zero for row id=7",
                                 "in error: key id=9 is claimed twice: a and b", "in error: offset 3"});
}
