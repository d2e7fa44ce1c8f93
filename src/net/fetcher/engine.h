// All fetches of a visit, at the same time, in one thread (and curl's for names).
#pragma once

#include <curl/curl.h>

#include <map>
#include <memory>
#include <vector>

#include "transfer.h"

namespace shikake::net {

class Engine {
 public:
  // Both must outlive the engine.
  Engine(const FetcherOptions& options, TlsTrust& trust);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void fetch(uint64_t id, FetchRequest request);
  void cancel(uint64_t id);

  // Waits until a transfer can go on or `fd` is readable.
  void wait(int fd);
  // Goes on with what can; gives the responses of what ended.
  std::vector<FetchResponse> step();

 private:
  struct FreeMulti {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };

  VisitContext visit_;
  std::unique_ptr<CURLM, FreeMulti> multi_;
  std::map<uint64_t, std::unique_ptr<Transfer>> transfers_;
  std::vector<FetchResponse> ended_;
  uint32_t started_ = 0;
};

}  // namespace shikake::net
