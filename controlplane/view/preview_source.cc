#include "controlplane/view/preview_source.h"

#include "operators/worker/decode_spec.h"

namespace offtake::view {

preview::Source preview_source(std::shared_ptr<const worker::Job> job, std::size_t index,
                               std::shared_ptr<sources::EventStore> store,
                               std::shared_ptr<registry::Client> registry) {
  preview::Source out;
  out.dataset = job->sources[index].dataset;
  out.topic = job->sources[index].topic;
  out.store = std::move(store);
  out.make_decoder = [job = std::move(job), index, client = std::move(registry)] {
    sources::DecodeSpec decode = worker::decode_spec(*job, index);
    decode.fetch_schema = [client](int id) { return client->text_by_id(id); };
    return sources::RecordDecoder::create(std::move(decode));
  };
  return out;
}

}  // namespace offtake::view
