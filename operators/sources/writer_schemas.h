// Avro schemas by their ids in the frames: those known beforehand and those fetched since. One thread.
#pragma once
#include <functional>
#include <map>
#include <string>

#include "base/result.h"
#include "schemas/avro/schema.h"

namespace offtake::sources {

class WriterSchemas {
 public:
  using Fetch = std::function<base::Result<std::string>(int id)>;
  WriterSchemas(std::map<int, std::string> texts, Fetch fetch)
      : texts_(std::move(texts)), fetch_(std::move(fetch)) {}

  // Errors of the fetch are passed on; BadAvroSchema where the text is none.
  base::Result<avro::Schema> get(int id);

 private:
  std::map<int, std::string> texts_;
  std::map<int, avro::Schema> parsed_;
  Fetch fetch_;
};

}  // namespace offtake::sources
