// One exchange over libcurl: what Client and Exchanges share. Internal to base/http.
#pragma once
#include <curl/curl.h>

#include <array>

#include "base/http/client.h"

namespace offtake::http {

struct EasyClose {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Easy = std::unique_ptr<CURL, EasyClose>;
struct MultiClose {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
using Multi = std::unique_ptr<CURLM, MultiClose>;

void initialize_once();

// Stays where it is: the library's callbacks work on it. `options` and `request` outlive it.
class Transfer {
 public:
  // `on_bytes` as in Client::stream; null: the body is collected. `easy` may have been used before.
  Transfer(Easy easy, const ClientOptions& options, const ClientRequest& request,
           const Client::OnBytes* on_bytes = nullptr);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* handle() const { return easy_.get(); }
  void set_timeout(std::chrono::milliseconds whole);    // 0: none
  int status() const { return response_.status; }       // 0: no head yet
  std::uint64_t received() const { return received_; }  // bytes of the body so far
  const std::string& url() const { return url_; }

  // What came of it. The handle, for the next exchange, where its connections may be used again; else null.
  // REQUIRES: called once, last, with the handle in no multi handle.
  base::Result<ClientResponse> finish(CURLcode code, Easy& reusable);

 private:
  static std::size_t take_header(char* data, std::size_t size, std::size_t count, void* context);
  static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* context);
  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(easy_.get(), option, value);
  }
  void set_blob(CURLoption option, const std::string& content);
  void set_connection(const ClientOptions& options);
  void set_body(const ClientRequest& request);
  void set_headers(const ClientOptions& options, const ClientRequest& request);
  bool streams() const { return on_bytes_ != nullptr && response_.status >= 200 && response_.status < 300; }

  struct ListFree {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  ClientResponse response_;
  std::uint64_t received_ = 0;
  std::size_t max_bytes_;
  bool too_large_ = false;
  bool ended_by_receiver_ = false;
  const Client::OnBytes* on_bytes_;
  std::string url_;
  std::unique_ptr<curl_slist, ListFree> headers_;
  std::array<char, CURL_ERROR_SIZE> said_{};
  Easy easy_;  // goes first: it may still write to the others
};

}  // namespace offtake::http
