// A broken invariant stops the process, in release builds too: going on would act on a lie.
#pragma once

#include <string_view>

namespace shikake::base {
[[noreturn]] void check_failed(std::string_view condition, std::string_view file, int line);
}

#define SHIKAKE_CHECK(condition)                                             \
  do {                                                                       \
    if (!(condition)) [[unlikely]]                                           \
      ::shikake::base::check_failed(#condition, __FILE_NAME__, __LINE__);    \
  } while (false)
