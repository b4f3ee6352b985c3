#include "generate.h"

#include <fstream>
#include <vector>

#include <fmt/format.h>

#include "base/random.h"

void GenerateClicks(const std::string& folder, int64_t events, int files) {
  constexpr int64_t kStart = 1'700'000'100'000;
  std::vector<std::ofstream> out;
  for (int i = 0; i < files; ++i) out.emplace_back(fmt::format("{}/clicks-{}.jsonl", folder, i));
  thalweg::Random random(1);
  for (int64_t n = 0; n < events; ++n) {
    int64_t ts = std::max(kStart, kStart + n * 100 - static_cast<int64_t>(random.Below(5'000)));
    uint64_t page = random.Below(50) * random.Below(50) / 50;  // low numbers are more popular
    out[random.Below(static_cast<uint64_t>(files))]
        << fmt::format(R"({{"event_id":{},"user_id":"user-{}","page_url":"/page/{}","event_type":"view","ts":{}}})"
                       "\n",
                       n, random.Below(500), page, ts);
  }
}
