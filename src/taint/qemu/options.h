// What the plugin is told when it is loaded.
#pragma once

#include <string>
#include <vector>

#include "taint/lift.h"

namespace shikake::taint::qemu {

struct Options {
  std::string state, events;
  std::string root;                         // where guests of another architecture find their libraries
  std::vector<std::string> labelled_paths;  // files whose content gets labels: prefixes
  RuleChoices rules;
  bool always = false;                      // instrument from the start
  bool arguments = false;                   // the parent left labels for the program's arguments
  // The number of a tracer's bell (recorder.h): it takes the events, and has the emulators of exec'd programs
  // started; 0: there is none.
  long bell = 0;
};

}  // namespace shikake::taint::qemu
