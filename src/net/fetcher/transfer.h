// One fetch: a curl handle, and the response as it comes in.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "net/fetcher.h"
#include "tls_trust.h"

namespace shikake::net {

// What the fetches of a visit share.
struct VisitContext {
  const FetcherOptions& options;
  TlsTrust& trust;
  uint64_t received_bytes = 0;  // of all bodies, as sent
  uint64_t decoded_bytes = 0;   // of those that were coded, after that
};

class Transfer {
 public:
  // The context must outlive the transfer.
  Transfer(VisitContext& visit, uint64_t id, FetchRequest request);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // False: there is nothing to do; the response says why.
  bool prepare();
  CURL* handle() const { return easy_.get(); }
  FetchResponse& response() { return response_; }

  // After curl is done with the handle.
  void finish(CURLcode result);

 private:
  struct FreeEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  struct FreeUrl {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
  };

  bool fails(FetchFailure failure, std::string why);  // false, always
  bool valid_request();
  bool set_url(const url::Url& url);
  void set_request();
  void set_headers();
  void set_proxy(const url::Url& url);
  void set_host_addresses(const url::Url& url);
  void set_limits();
  void set_tls();

  bool on_header(std::string_view line);
  bool on_body(std::string_view bytes);
  bool begin_answer(std::string_view status_line);
  curl_socket_t open_socket(const curl_sockaddr& address);
  void note_connection();
  std::pair<FetchFailure, std::string> explain(CURLcode result) const;

  VisitContext& visit_;
  FetchRequest request_;
  std::string host_;
  FetchResponse response_;
  std::unique_ptr<CURL, FreeEasy> easy_;
  std::unique_ptr<CURLU, FreeUrl> url_;
  std::unique_ptr<curl_slist, FreeList> headers_;
  std::unique_ptr<curl_slist, FreeList> addresses_;
  char curl_error_[CURL_ERROR_SIZE] = "";
  std::string egress_refusal_;  // of an address that was tried
  uint64_t header_bytes_ = 0;
  bool in_body_ = false;
};

}  // namespace shikake::net
