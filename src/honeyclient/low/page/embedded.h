// What applets, objects and embedded plugins load: each kind has its own attributes and parameters for it.
#pragma once

#include <string>
#include <vector>

#include "honeyclient/low/page/bind.h"
#include "intel/visit.h"

namespace shikake::honeyclient::low::page {

struct Embedded {
  intel::Mechanism mechanism;
  std::u16string address;  // against the document's base
};

// In order. Java's launch files (JNLP) are asked for here, and what they name when they have come.
std::vector<Embedded> what_it_loads(Window& window, html::Element& element);

}  // namespace shikake::honeyclient::low::page
