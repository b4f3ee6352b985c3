// The functions of a catalog: CREATE FUNCTION and DROP FUNCTION.
#include <algorithm>

#include "base/ascii.h"
#include "sql/catalog.h"

namespace thalweg::sql {
namespace {

ObjectPath FunctionPath(const Catalog& catalog, const Name& name) {
  ObjectPath path = catalog.Resolve(name);
  path.object = AsciiLower(path.object);
  return path;
}

}  // namespace

Status Catalog::CreateFunction(const Name& name, bool system, UserFunctionEntry function, bool if_not_exists) {
  if (system && name.size() > 1) return UserError("A SYSTEM function has a name of one part, not {}", name.size());
  const bool added = system ? system_functions_.emplace(AsciiLower(name[0].text), std::move(function)).second
                            : functions_.emplace(FunctionPath(*this, name), std::move(function)).second;
  if (!added && !if_not_exists) return UserError("Function {} already exists", name.back().text);
  return {};
}

Status Catalog::DropFunction(const Name& name, bool system, bool if_exists) {
  const size_t dropped =
      system ? system_functions_.erase(AsciiLower(name.back().text)) : functions_.erase(FunctionPath(*this, name));
  if (dropped == 0 && !if_exists) return UserError("Function {} does not exist", name.back().text);
  return {};
}

const UserFunctionEntry* Catalog::FindFunction(const Name& name, bool is_built_in) const {
  if (name.size() == 1) {
    if (auto found = system_functions_.find(AsciiLower(name[0].text)); found != system_functions_.end())
      return &found->second;
    if (is_built_in) return nullptr;
  }
  if (name.size() > 3) return nullptr;
  auto found = functions_.find(FunctionPath(*this, name));
  return found == functions_.end() ? nullptr : &found->second;
}

std::vector<std::string> Catalog::Functions() const {
  std::vector<std::string> names;
  for (const auto& [name, function] : system_functions_) names.push_back(name);
  for (const auto& [path, function] : functions_)
    if (path.catalog == catalog_ && path.database == database_) names.push_back(path.object);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace thalweg::sql
