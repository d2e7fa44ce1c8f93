// What goes wrong in a script: VBScript's run-time and syntax errors, by their numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace shikake::honeyclient::vbscript {

// "VBScript Run-time Errors" and "VBScript Syntax Errors" of the language reference.
enum class Fault : int32_t {
  invalid_call = 5,
  overflow = 6,
  out_of_memory = 7,
  subscript_out_of_range = 9,
  array_fixed = 10,
  division_by_zero = 11,
  type_mismatch = 13,
  out_of_string_space = 14,
  out_of_stack = 28,
  not_defined = 35,
  object_not_set = 91,
  loop_not_initialised = 92,
  invalid_null = 94,
  object_required = 424,
  cannot_create_object = 429,
  not_automation = 430,
  no_such_member = 438,
  wrong_arguments = 450,
  not_a_collection = 451,
  variable_undefined = 500,
  illegal_assignment = 501,
  syntax = 1002,
  expected_identifier = 1010,
  name_redefined = 1041,
  regexp_syntax = 5017,
};

std::string_view describe(Fault fault);

// Thrown inside the interpreter, caught at On Error Resume Next or at its outer edge (Interpreter).
struct RuntimeError {
  int32_t number = 0;  // Err.Number
  std::u16string description;
  std::u16string source = u"Microsoft VBScript runtime error";
  uint32_t line = 0, column = 0;  // of the statement that failed; 0: not known yet
};

[[noreturn]] void raise(Fault fault);
[[noreturn]] void raise(Fault fault, std::u16string_view what);  // "Type mismatch: 'what'"

// Thrown when the host says stop: passes every handler of the script.
struct Stopped {};

// What leaves the interpreter.
struct ScriptError {
  int32_t number = 0;
  std::u16string description;
  uint32_t line = 0, column = 0;  // from 1, of the text that was run
};

}  // namespace shikake::honeyclient::vbscript
