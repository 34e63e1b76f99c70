#include "operators/sources/embedded/transactions.h"

namespace offtake::sources::embedded {
namespace {

class Producer : public TransactionalProducer {
 public:
  Producer(std::shared_ptr<Log> log, const std::string& name)
      : log_(std::move(log)), name_(name), id_(log_->transactional_id(name)) {
    const std::lock_guard lock(id_->mutex);
    mine_ = ++id_->opened;
  }

  base::Status append(const std::string& topic, std::span<const NewRecord> records) override {
    if (records.empty()) return {};
    auto dealt = log_->deal(topic, views_of(records));
    if (!dealt) {
      abort();
      return std::move(dealt).error();
    }
    open_.push_back(std::move(dealt->append));
    return {};
  }

  base::Status commit() override {
    if (open_.empty()) return {};
    const std::lock_guard lock(id_->mutex);
    auto written = std::move(open_);
    open_.clear();
    if (id_->opened != mine_) {
      return base::fenced(fmt::format("another producer was opened with transactional id {}", name_));
    }
    return log_->commit(written);
  }

  void abort() override { open_.clear(); }

  bool usable() const override {
    const std::lock_guard lock(id_->mutex);
    return id_->opened == mine_;
  }

 private:
  const std::shared_ptr<Log> log_;
  const std::string name_;
  const std::shared_ptr<TransactionalId> id_;
  std::uint64_t mine_ = 0;
  std::vector<TopicAppend> open_;
};

}  // namespace

std::unique_ptr<TransactionalProducer> open_producer(std::shared_ptr<Log> log, const std::string& id) {
  return std::make_unique<Producer>(std::move(log), id);
}

std::vector<NewRecordView> views_of(std::span<const NewRecord> records) {
  std::vector<NewRecordView> views;
  views.reserve(records.size());
  for (const NewRecord& record : records) {
    NewRecordView view;
    if (record.key) view.key = *record.key;
    if (record.value) view.value = *record.value;
    view.partition = record.partition.value_or(-1);
    view.timestamp_ms = record.timestamp_ms.value_or(-1);
    views.push_back(view);
  }
  return views;
}

}  // namespace offtake::sources::embedded
