// CloudEvents that a receiver answers with, as records of a dataset's topic: the event's JSON data in the
// dataset's schema. One thread.
#pragma once
#include <memory>

#include "operators/sources/event_store.h"
#include "operators/targets/http/cloud_event.h"
#include "operators/targets/receiver.h"

namespace offtake::targets::push {

class Answers {
 public:
  // Code BadAvroSchema.
  static base::Result<std::unique_ptr<Answers>> make(const ReceiverAnswers& where);
  virtual ~Answers() = default;
  virtual const std::string& topic() const = 0;
  // Codes AnswerMissing, AnswerNotTaken (row): without values.
  virtual base::Result<sources::NewRecord> record_of(const std::optional<http::CloudEvent>& answer) const = 0;
};

}  // namespace offtake::targets::push
