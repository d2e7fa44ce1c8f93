// An object of a script's own class.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "honeyclient/vbscript/machine.h"

namespace shikake::honeyclient::vbscript {

class Instance final : public Object {
 public:
  Instance(Machine& machine, std::shared_ptr<ClassDeclaration> declaration);
  ~Instance() override;

  std::u16string type_name() const override { return declaration_->spelled; }
  Value call(std::u16string_view name, Arguments arguments) override;
  void put(std::u16string_view name, Arguments arguments, const Value& value, bool set) override;
  bool is_method(std::u16string_view name) const override;

  // For code of the class itself: private members too. Names are lower case.
  Cell field(std::u16string_view name) const;
  std::shared_ptr<Procedure> procedure(std::u16string_view name, ProcedureKind kind) const;
  std::shared_ptr<Procedure> readable(std::u16string_view name) const;  // Sub, Function or Property Get
  void set_self(const std::shared_ptr<Instance>& self) { self_ = self; }

 private:
  Machine& machine_;
  std::shared_ptr<ClassDeclaration> declaration_;
  std::unordered_map<std::u16string, Cell> fields_;
  std::weak_ptr<Instance> self_;
};

// What GetRef gives: a procedure as an object.
class ProcedureObject final : public Object {
 public:
  ProcedureObject(Machine& machine, std::shared_ptr<Procedure> procedure)
      : machine_(machine), procedure_(std::move(procedure)) {}
  std::u16string type_name() const override { return u"Object"; }
  Value call(std::u16string_view name, Arguments arguments) override;
  void put(std::u16string_view, Arguments, const Value&, bool) override { raise(Fault::no_such_member); }

 private:
  Machine& machine_;
  std::shared_ptr<Procedure> procedure_;
};

}  // namespace shikake::honeyclient::vbscript
