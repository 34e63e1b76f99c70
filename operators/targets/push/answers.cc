#include "operators/targets/push/answers.h"

#include "base/json/value.h"
#include "schemas/avro/encoder.h"
#include "schemas/avro/framing.h"
#include "schemas/avro/schema.h"

namespace offtake::targets::push {
namespace {

class AvroAnswers : public Answers {
 public:
  AvroAnswers(ReceiverAnswers where, avro::Schema schema)
      : where_(std::move(where)), schema_(std::move(schema)) {}

  const std::string& topic() const override { return where_.topic; }

  base::Result<sources::NewRecord> record_of(const std::optional<http::CloudEvent>& answer) const override {
    if (!answer) {
      return base::row_error("AnswerMissing",
                             "the receiver took the message and answered without a CloudEvent");
    }
    auto data = json::parse(answer->data);
    if (!data) return base::row_error("AnswerNotTaken", "the data of the answer is no JSON document");
    std::string value;
    avro::append_frame(static_cast<std::uint32_t>(where_.schema_id), value);
    if (auto encoded = avro::encode_json(schema_.root(), *data, value); !encoded) {
      return base::row_error("AnswerNotTaken",
                             fmt::format("the data of the answer does not fit the schema of topic {} ({})",
                                         where_.topic, encoded.error().code));
    }
    sources::NewRecord out;
    if (!answer->subject.empty()) out.key = answer->subject;
    out.value = std::move(value);
    return out;
  }

 private:
  const ReceiverAnswers where_;
  const avro::Schema schema_;
};

}  // namespace

base::Result<std::unique_ptr<Answers>> Answers::make(const ReceiverAnswers& where) {
  auto schema = avro::parse(where.schema);
  if (!schema) return std::move(schema).error();
  return std::unique_ptr<Answers>(std::make_unique<AvroAnswers>(where, *std::move(schema)));
}

}  // namespace offtake::targets::push
