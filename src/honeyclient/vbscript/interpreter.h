// One script engine's worth of VBScript: a global scope that the scripts of one page or file share.
//
//   Interpreter interpreter(host);
//   Outcome outcome = interpreter.run(u"document.write \"x\"", source);
//
// Objects of the script's making (procedure(), values of its classes) must not outlive it. Nothing that a
// script does leaves as an exception; memory and time are the host's to bound (keep_going and the limits of
// its process).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "honeyclient/vbscript/object.h"

namespace shikake::honeyclient::vbscript {

class Machine;

struct Outcome {
  Value value;  // of evaluate() and call()
  std::optional<ScriptError> error;
  bool stopped = false;  // keep_going() said no
};

// Where the script is: the statement that runs, in the text with this number.
struct Whereabouts {
  uint32_t source = 0;
  uint32_t line = 0, column = 0;  // from 1; 0: no script runs
};

class Interpreter {
 public:
  explicit Interpreter(Host& host);  // the host must outlive it
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  // `source` is the host's number for the text, and comes back in whereabouts().
  Outcome run(std::u16string_view text, uint32_t source);
  Outcome evaluate(std::u16string_view expression, uint32_t source);
  Outcome call(std::u16string_view procedure, std::vector<Value> arguments);

  // Of a forced run: calls one procedure that nothing has called, without arguments; false: there is none.
  bool call_uncalled();

  bool has_procedure(std::u16string_view name) const;
  ObjectRef procedure(std::u16string_view name);  // as GetRef gives it; null: none
  std::optional<Value> variable(std::u16string_view name) const;
  void set_variable(std::u16string_view name, Value value);  // WScript, for a script host

  Whereabouts whereabouts() const;

 private:
  std::unique_ptr<Machine> machine_;
};

}  // namespace shikake::honeyclient::vbscript
