#include "testing/fuzz.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <unordered_set>

#include <fmt/format.h>

#include "base/hash.h"

// Present in sanitizer builds only: the sanitizers leave by _exit, past every signal handler.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(
    void (*callback)());  // NOLINT(bugprone-reserved-identifier)

namespace thalweg::testing {

namespace {

constexpr uint64_t kSeed = 0x7468616c776567;  // fixed, so that a failure repeats
constexpr uint64_t kDefaultInputs = 6000;
constexpr int kMostRepeats = 10'000;  // texts in a row that a grammar had made before: it has no others

// What a signal handler can reach: the input being run, null between runs.
const char* running_name = nullptr;
std::string_view running_input;

// Only write(2): this runs while the process dies.
void PrintRunningInput(std::string_view what) {
  if (running_name == nullptr) return;
  static const char kDigits[] = "0123456789abcdef";
  char line[512];
  size_t used = 0;
  auto put = [&](std::string_view text) {
    for (char c : text) {
      if (used == sizeof(line)) {
        if (write(2, line, used) < 0) return;
        used = 0;
      }
      line[used++] = c;
    }
  };
  put("Fuzz target ");
  put(running_name);
  put(what);
  put(" on input (hex): ");
  for (unsigned char c : running_input) {
    const char pair[2] = {kDigits[c >> 4], kDigits[c & 15]};
    put({pair, 2});
  }
  put("\n");
  if (write(2, line, used) < 0) return;
  running_name = nullptr;
}

void PrintFailedInput() { PrintRunningInput(" failed"); }

void OnDeath(int signal_number) {
  PrintRunningInput(signal_number == SIGALRM ? " hangs" : " failed");
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

void PrintInputOnDeath() {
  signal(SIGABRT, &OnDeath);
  signal(SIGALRM, &OnDeath);
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(&PrintFailedInput);
  } else {
    for (int signal_number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) signal(signal_number, &OnDeath);
  }
}

// What runs inputs, and for how long one may run.
struct FuzzRun {
  const char* name;
  void (*run)(std::string_view input);
  bool (*failed)();
  unsigned input_seconds;
};

// False if the input failed. Runs a copy in a block of its exact size: a sanitizer sees a read of even one byte past the end.
bool RunOne(const FuzzRun& with, const std::string& bytes) {
  const auto block = std::make_unique<char[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), block.get());
  const std::string_view input(block.get(), bytes.size());
  running_input = input;
  running_name = with.name;
  alarm(with.input_seconds);
  try {
    with.run(input);
  } catch (...) {
    alarm(0);
    PrintFailedInput();
    throw;
  }
  alarm(0);
  if (with.failed()) {
    PrintFailedInput();
    return false;
  }
  running_name = nullptr;
  return true;
}

uint64_t InputCount(uint64_t otherwise) {
  const char* text = std::getenv("THALWEG_FUZZ_INPUTS");
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::string RandomBytes(size_t size, Random& random) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random.Next());
  return bytes;
}

// Numbers at the edges of lengths, offsets and varints.
std::string EdgeNumber(Random& random) {
  static constexpr uint64_t kEdges[] = {0,          1,          0x7f,       0x80,        0xff,       0x7fff,     0xffff,
                                        0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 1ULL << 62, 1ULL << 63, ~0ULL};
  uint64_t value = kEdges[random.Below(std::size(kEdges))];
  const size_t width = size_t{1} << random.Below(4);
  std::string bytes(sizeof(value), '\0');
  std::memcpy(bytes.data(), &value, sizeof(value));
  return bytes.substr(0, width);
}

void Overwrite(std::string& input, size_t at, std::string_view with) {
  const size_t size = std::min(with.size(), input.size() - at);
  input.replace(at, size, with.substr(0, size));
}

std::string_view RandomPiece(std::string_view text, Random& random) {
  if (text.empty()) return text;
  const size_t from = random.Below(text.size());
  return text.substr(from, 1 + random.Below(text.size() - from));
}

void MutateOnce(std::string& input, const std::vector<std::string>& seeds, Random& random) {
  if (input.empty()) {
    input = RandomBytes(1 + random.Below(16), random);
    return;
  }
  const size_t at = random.Below(input.size());
  switch (random.Below(9)) {
    case 0: input[at] = static_cast<char>(input[at] ^ (1 << random.Below(8))); break;
    case 1: input[at] = static_cast<char>(random.Next()); break;
    case 2: Overwrite(input, at, EdgeNumber(random)); break;
    case 3: input.insert(at, RandomBytes(1 + random.Below(8), random)); break;
    case 4: input.erase(at, 1 + random.Below(8)); break;
    case 5: input.resize(at); break;
    case 6: input.insert(at, std::string(RandomPiece(input, random))); break;
    case 7: input.insert(at, RandomPiece(seeds[random.Below(seeds.size())], random)); break;
    case 8: Overwrite(input, at, RandomPiece(seeds[random.Below(seeds.size())], random)); break;
  }
}

std::vector<FuzzTarget>& RegisteredTargets() {
  static std::vector<FuzzTarget> targets;
  return targets;
}

}  // namespace

void Mutate(std::string& input, const std::vector<std::string>& seeds, Random& random) {
  const uint64_t edits = 1 + random.Below(8);
  for (uint64_t i = 0; i < edits; ++i) MutateOnce(input, seeds, random);
  if (input.size() > kMaxFuzzInput) input.resize(kMaxFuzzInput);
}

void RunSeeded(const FuzzTarget& target, bool (*failed)(), unsigned input_seconds) {
  PrintInputOnDeath();
  const FuzzRun with{target.name, target.run, failed, input_seconds};
  std::vector<std::string> seeds = target.seeds();
  seeds.emplace_back();
  for (const std::string& seed : seeds) {
    if (!RunOne(with, seed)) return;
  }
  Random random(kSeed);
  const uint64_t count = InputCount(kDefaultInputs);
  for (uint64_t i = 0; i < count; ++i) {
    std::string input = seeds[random.Below(seeds.size())];
    Mutate(input, seeds, random);
    if (!RunOne(with, input)) return;
  }
}

bool RunGrammar(const FuzzGrammar& grammar, bool (*failed)(), unsigned input_seconds) {
  PrintInputOnDeath();
  const FuzzRun with{grammar.name, grammar.run, failed, input_seconds};
  const uint64_t count = InputCount(grammar.inputs);
  std::unordered_set<uint64_t> seen;
  uint64_t seed = 0;
  for (int repeats = 0; seen.size() < count; ++seed) {
    const std::string text = grammar.make(seed);
    if (!seen.insert(Hash64(text)).second) {
      if (++repeats < kMostRepeats) continue;
      fmt::print(stderr, "Fuzz grammar {} makes no more than {} texts\n", grammar.name, seen.size());
      return false;
    }
    repeats = 0;
    if (!RunOne(with, text)) return true;
  }
  fmt::print("Fuzz grammar {}: ran {} distinct inputs, made from {} seeds\n", grammar.name, seen.size(), seed);
  return true;
}

bool RegisterFuzzTarget(const FuzzTarget& target) {
  RegisteredTargets().push_back(target);
  return true;
}

void RunRegisteredTargets(std::string_view input) {
  for (const FuzzTarget& target : RegisteredTargets()) target.run(input);
}

void WriteRegisteredSeeds(std::string_view folder) {
  for (const FuzzTarget& target : RegisteredTargets()) {
    int number = 0;
    for (const std::string& seed : target.seeds()) {
      std::ofstream file(fmt::format("{}/seed-{}-{}", folder, target.name, number++), std::ios::binary);
      file.write(seed.data(), static_cast<std::streamsize>(seed.size()));
    }
  }
}

}  // namespace thalweg::testing
