// The families of functions, one source file each; what the registry is filled from.
#pragma once

namespace thalweg::expr {

class Registry;

void AddArithmetic(Registry& registry);
void AddComparison(Registry& registry);
void AddLogic(Registry& registry);
void AddConditional(Registry& registry);
void AddCasts(Registry& registry);
void AddMath(Registry& registry);
void AddStrings(Registry& registry);
void AddLike(Registry& registry);
void AddRegexps(Registry& registry);
void AddTemporal(Registry& registry);
void AddTimeFormats(Registry& registry);
void AddCollections(Registry& registry);
void AddHashes(Registry& registry);
void AddJson(Registry& registry);
void AddJsonQuotes(Registry& registry);
void AddTextForms(Registry& registry);
void AddCharsets(Registry& registry);
void AddSimilar(Registry& registry);
void AddStringMaps(Registry& registry);
void AddUrls(Registry& registry);

inline void AddEveryFamily(Registry& registry) {
  AddArithmetic(registry);
  AddComparison(registry);
  AddLogic(registry);
  AddConditional(registry);
  AddCasts(registry);
  AddMath(registry);
  AddStrings(registry);
  AddLike(registry);
  AddRegexps(registry);
  AddTemporal(registry);
  AddTimeFormats(registry);
  AddCollections(registry);
  AddHashes(registry);
  AddJson(registry);
  AddJsonQuotes(registry);
  AddTextForms(registry);
  AddCharsets(registry);
  AddSimilar(registry);
  AddStringMaps(registry);
  AddUrls(registry);
}

}  // namespace thalweg::expr
