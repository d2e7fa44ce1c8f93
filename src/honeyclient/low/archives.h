// Archives that a visit was made to download: what is in them, by the triage worker, so that it can be kept
// and run.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace shikake::honeyclient::low {

// Gets each file that is found inside, with the path that leads to it ("inner.zip/setup.exe").
using ArchiveSink = std::function<void(const std::string& path, const std::string& bytes)>;

// Opens an archive, and archives in it as deep as triage goes. Errors: the worker can't be started or gave
// up.
Result<> open_archive(std::string_view bytes, const ArchiveSink& sink);

}  // namespace shikake::honeyclient::low
