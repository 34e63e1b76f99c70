// What one would write for this one topic and this one index: records in, lines of a bulk out, one request at
// a time on one connection, as large as the product's.
#include <curl/curl.h>

#include <charconv>
#include <thread>

#include "hand_input.h"

namespace bench {
namespace {

constexpr std::size_t kBulkBytes = std::size_t{8} << 20;

class Search {
 public:
  explicit Search(std::string url) : url_(std::move(url)), curl_(curl_easy_init()) {
    headers_ = curl_slist_append(headers_, "Content-Type: application/x-ndjson");
    headers_ = curl_slist_append(headers_, "Expect:");
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(
        curl_, CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t, std::size_t size, void* out) {
          static_cast<std::string*>(out)->append(data, size);
          return size;
        });
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &answer_);
  }
  ~Search() {
    curl_slist_free_all(headers_);
    curl_easy_cleanup(curl_);
  }
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;

  // A server that is busy is asked again, as anybody's loader does.
  const std::string& post(const std::string& path, const std::string& body) {
    long status = 429;
    for (int attempt = 0; status == 429 && attempt < 100; ++attempt) {
      if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(100));
      answer_.clear();
      curl_easy_setopt(curl_, CURLOPT_URL, (url_ + path).c_str());
      curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
      curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, body.data());
      if (const CURLcode code = curl_easy_perform(curl_); code != CURLE_OK) fail(curl_easy_strerror(code));
      curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    }
    if (status != 200) fail(answer_);
    return answer_;
  }

 private:
  std::string url_, answer_;
  CURL* curl_;
  curl_slist* headers_ = nullptr;
};

template <class T>
void put_number(std::string& out, T value) {
  std::array<char, 40> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out.append(text.data(), end);
}

void put_json(std::string& out, AvroReader& in) {
  const auto size = static_cast<std::size_t>(in.take_long());
  const std::string_view text(in.take(size), size);
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escaped;
      std::snprintf(escaped.data(), escaped.size(), "\\u%04x", c);
      out += escaped.data();
    } else {
      out += c;
    }
  }
  out += '"';
}

void put_instant(std::string& out, std::int64_t micros) {
  using namespace std::chrono;
  const sys_time<microseconds> time{microseconds{micros}};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss<microseconds> clock{time - day};
  std::array<char, 40> text;
  const int size = std::snprintf(
      text.data(), text.size(), "\"%04d-%02u-%02uT%02d:%02d:%02d.%06dZ\"", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  out.append(text.data(), static_cast<std::size_t>(size));
}

// order.avsc, field by field.
void put_lines(const rd_kafka_message_t& message, std::string& out) {
  AvroReader in(static_cast<const char*>(message.payload), message.len);
  in.take(5);
  const std::int64_t id = in.take_long();
  out += "{\"create\":{\"_id\":\"";
  put_number(out, id);
  out += "\"}}\n{\"id\":";
  put_number(out, id);
  out += ",\"customer\":";
  put_number(out, in.take_long());
  out += ",\"quantity\":";
  put_number(out, in.take_long());
  double price;
  std::memcpy(&price, in.take(sizeof price), sizeof price);
  out += ",\"price\":";
  put_number(out, price);
  out += ",\"placed_at\":";
  put_instant(out, in.take_long());
  out += ",\"status\":";
  put_json(out, in);
  out += ",\"product\":";
  put_json(out, in);
  if (in.take_long() != 0) {
    out += ",\"note\":";
    put_json(out, in);
  }
  out += "}\n";
}

}  // namespace

void bulk(const BulkOptions& options) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  Search search(options.url);
  Consumer consumer(options.brokers);
  const auto begin = Clock::now();
  const std::int64_t records = consumer.start(options.topic);
  std::string lines;
  lines.reserve(kBulkBytes + (1 << 20));
  const auto send = [&] {
    const std::string& answer = search.post("/" + options.index + "/_bulk", lines);
    if (answer.find("\"errors\":false") == std::string::npos) fail("a bulk has errors");
    lines.clear();
  };
  std::vector<rd_kafka_message_t*> messages(8192);
  std::int64_t rows = 0;
  while (rows < records) {
    const std::size_t count = consumer.take(messages);
    for (std::size_t i = 0; i < count; ++i) {
      const rd_kafka_message_t& message = *messages[i];
      if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) fail(rd_kafka_message_errstr(&message));
      put_lines(message, lines);
      ++rows;
      rd_kafka_message_destroy(messages[i]);
      if (lines.size() >= kBulkBytes) send();
    }
  }
  if (!lines.empty()) send();
  const auto sent = Clock::now();
  for (const char* step : {"/_flush", "/_refresh"}) search.post("/" + options.index + step, "");
  std::printf("{\"rows\":%lld,\"seconds\":%.3f,\"flush_seconds\":%.3f,\"cpu_seconds\":%.1f}\n",
              static_cast<long long>(rows), seconds_since(begin), seconds_since(sent), cpu_seconds());
}

}  // namespace bench
