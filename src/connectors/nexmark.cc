#include "connectors/nexmark.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/random.h"
#include "columns/builder.h"
#include "connectors/node_options.h"
#include "connectors/range_source.h"

namespace thalweg::connectors {
namespace {

using types::DataType;
using types::TypeId;

constexpr int64_t kFirstPerson = 1000, kFirstAuction = 1000, kFirstCategory = 10, kCategories = 5;
constexpr int64_t kActivePeople = 1000, kAuctionsInFlight = 100, kLead = 10;
constexpr int64_t kHotGroup = 100;  // of so many neighbours one is the hot one
constexpr int64_t kChannels = 10'000;
constexpr size_t kPersonBytes = 200, kAuctionBytes = 500,
                 kBidBytes = 100;  // that an event's texts and numbers take on average

constexpr std::string_view kFirstNames[] = {"Peter", "Paul",  "Luke",  "John",   "Saul",  "Vicky",
                                            "Kate",  "Julie", "Sarah", "Deiter", "Walter"};
constexpr std::string_view kLastNames[] = {"Shultz", "Abrams", "Spencer", "White", "Bartels",
                                           "Walton", "Smith",  "Jones",   "Noris"};
constexpr std::string_view kCities[] = {"Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland",
                                        "Bend",    "Redmond",     "Seattle",       "Kent",  "Cheyenne"};
constexpr std::string_view kStates[] = {"AZ", "CA", "ID", "OR", "WA", "WY"};
constexpr std::string_view kHotChannels[] = {"Google", "Facebook", "Baidu", "Apple"};

template <size_t N>
std::string_view OneOfNames(Random& random, const std::string_view (&names)[N]) {
  return names[random.Below(N)];
}
int64_t Below(Random& random, int64_t bound) {
  return static_cast<int64_t>(random.Below(static_cast<uint64_t>(bound)));
}

/// A letter of each of 256 values.
char LetterOf(uint64_t byte) { return static_cast<char>('a' + ((byte & 0xff) * 26 >> 8)); }

/// 3 to `most` letters, about one in 13 a `space`.
std::string RandomText(Random& random, int64_t most, char space = ' ') {
  std::string text;
  uint64_t chance = 0;
  for (int64_t left = 3 + Below(random, most - 3), used = 0; left > 0; --left, ++used, chance >>= 16) {
    if (used % 4 == 0) chance = random.Next();
    text += ((chance >> 8 & 0xff) * 13 >> 8) == 0 ? space : LetterOf(chance);
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text.substr(std::min(text.find_first_not_of(' '), text.size()));
}

constexpr size_t kMostExtra = 640;  // of the largest event, and what is written beyond the end

/// Letters that bring an event of `size` bytes to about `wanted`; they lie in `text`.
std::string_view Extra(Random& random, size_t size, size_t wanted, char (&text)[kMostExtra]) {
  if (size > wanted) return {};
  const auto missing = static_cast<int64_t>(wanted - size);
  const int64_t spread = missing / 5;
  const auto length = static_cast<size_t>(missing - spread + (spread > 0 ? Below(random, 2 * spread) : 0));
  // Eight letters a draw: each event has a hundred.
  for (size_t at = 0; at < length; at += 8) {
    const uint64_t chance = random.Next();
    char letters[8];
    std::memcpy(letters, &chance, 8);
    for (char& letter : letters) letter = LetterOf(static_cast<uint8_t>(letter));
    std::memcpy(text + at, letters, 8);
  }
  return {text, length};
}

/// Between 100 and 100 000 000, the logarithm uniform.
int64_t Price(Random& random) {
  constexpr double kSixTens = 6.0 * 2.302585092994046;
  return static_cast<int64_t>(std::exp(random.Unit() * kSixTens) * 100.0 + 0.5);
}

/// The channels of bids with their addresses, each of which is made when it is first seen.
class Channels {
 public:
  struct Channel {
    std::string name, url;
  };
  explicit Channels(uint64_t seed) : seed_(seed), known_(kChannels + std::size(kHotChannels)) {}

  const Channel& Hot(int64_t number) { return Known(kChannels + number); }
  const Channel& Other(int64_t number) { return Known(number); }

 private:
  const Channel& Known(int64_t place) {
    Channel& channel = known_[static_cast<size_t>(place)];
    if (channel.name.empty()) channel = Make(place);
    return channel;
  }
  // A channel has one address, in every event.
  Channel Make(int64_t place) const {
    const bool hot = place >= kChannels;
    Random address(seed_ ^ static_cast<uint64_t>(place) ^ 0x6368616e6e656cULL);
    std::string url = "https://www.nexmark.com";
    for (int i = 0; i < 3; ++i) url += "/" + RandomText(address, 5, '_');
    url += "/item.htm?query=1";
    if (!hot && Below(address, 10) > 0) url += fmt::format("&channel_id={}", Below(address, INT32_MAX));
    return {hot ? std::string(kHotChannels[place - kChannels]) : fmt::format("channel-{}", place), std::move(url)};
  }

  uint64_t seed_;
  std::vector<Channel> known_;
};

/// One reader's events.
class NexmarkEvents {
 public:
  explicit NexmarkEvents(const NexmarkOptions& options)
      : options_(options),
        total_(options.people + options.auctions + options.bids),
        channels_(std::make_shared<Channels>(options.seed)) {}

  int KindOf(int64_t event) const {
    const int64_t place = event % total_;
    return place < options_.people ? 0 : place < options_.people + options_.auctions ? 1 : 2;
  }
  Random RandomOf(int64_t event) const {
    return Random(Random(options_.seed ^ std::rotl(static_cast<uint64_t>(event), 17)).Next() ^
                  static_cast<uint64_t>(event));
  }
  int64_t TimeOf(int64_t event) const {
    const double micros = static_cast<double>(event) * (1e6 / static_cast<double>(options_.event_rate));
    return options_.base_time_ms + static_cast<int64_t>(std::floor(micros)) / 1000;
  }

  void AppendPerson(int64_t event, columns::ColumnBuilder& out) const {
    Random random = RandomOf(event);
    const std::string name = fmt::format("{} {}", OneOfNames(random, kFirstNames), OneOfNames(random, kLastNames));
    const std::string first = RandomText(random, 7), email = fmt::format("{}@{}.com", first, RandomText(random, 5));
    std::string card;
    for (int i = 0; i < 4; ++i) card += fmt::format("{}{:04}", i > 0 ? " " : "", Below(random, 10'000));
    const std::string_view city = OneOfNames(random, kCities), state = OneOfNames(random, kStates);
    out.child(0).Append<int64_t>(kFirstPerson + LastPerson(event));
    const std::string_view texts[] = {name, email, card, city, state};
    size_t size = 8;
    for (int i = 0; i < 5; ++i) {
      out.child(i + 1).AppendString(texts[i]);
      size += texts[i].size();
    }
    out.child(6).Append<int64_t>(TimeOf(event));
    char extra[kMostExtra];
    out.child(7).AppendString(Extra(random, size, kPersonBytes, extra));
    out.CloseRow();
  }

  void AppendAuction(int64_t event, columns::ColumnBuilder& out) const {
    Random random = RandomOf(event);
    const bool hot = Below(random, options_.hot_sellers) > 0;
    const int64_t seller = hot ? LastPerson(event) / kHotGroup * kHotGroup : SomePerson(event, random);
    const int64_t category = kFirstCategory + Below(random, kCategories), bid = Price(random);
    const int64_t time = TimeOf(event), horizon = TimeOf(event + kAuctionsInFlight * total_ / options_.auctions) - time;
    const int64_t expires = time + 1 + Below(random, std::max<int64_t>(1, 2 * horizon));
    const std::string name = RandomText(random, 20), description = RandomText(random, 100);
    out.child(0).Append<int64_t>(kFirstAuction + LastAuction(event));
    out.child(1).AppendString(name);
    out.child(2).AppendString(description);
    out.child(3).Append<int64_t>(bid);
    out.child(4).Append<int64_t>(bid + Price(random));
    out.child(5).Append<int64_t>(time);
    out.child(6).Append<int64_t>(expires);
    out.child(7).Append<int64_t>(kFirstPerson + seller);
    out.child(8).Append<int64_t>(category);
    char extra[kMostExtra];
    out.child(9).AppendString(Extra(random, 48 + name.size() + description.size(), kAuctionBytes, extra));
    out.CloseRow();
  }

  void AppendBid(int64_t event, columns::ColumnBuilder& out) const {
    Random random = RandomOf(event);
    const bool hot_auction = Below(random, options_.hot_auctions) > 0;
    const int64_t auction =
        hot_auction ? std::max<int64_t>(LastAuction(event), 0) / kHotGroup * kHotGroup : SomeAuction(event, random);
    const bool hot_bidder = Below(random, options_.hot_bidders) > 0;
    const int64_t bidder = hot_bidder ? LastPerson(event) / kHotGroup * kHotGroup + 1 : SomePerson(event, random);
    out.child(0).Append<int64_t>(kFirstAuction + auction);
    out.child(1).Append<int64_t>(kFirstPerson + bidder);
    out.child(2).Append<int64_t>(Price(random));
    const bool hot_channel = Below(random, 2) > 0;
    const int64_t number = Below(random, hot_channel ? std::ssize(kHotChannels) : kChannels);
    const Channels::Channel& channel = hot_channel ? channels_->Hot(number) : channels_->Other(number);
    out.child(3).AppendString(channel.name);
    out.child(4).AppendString(channel.url);
    out.child(5).Append<int64_t>(TimeOf(event));
    char extra[kMostExtra];
    out.child(6).AppendString(Extra(random, 32, kBidBytes, extra));
    out.CloseRow();
  }

  /// Events `first`, `first` + `step`, ... as a column of the schema's number `index`.
  columns::Column Column(int index, const types::DataType& type, int64_t first, int64_t step,
                         const std::vector<uint8_t>& kinds, columns::BufferPool& pool) const {
    const auto rows = static_cast<int32_t>(kinds.size());
    columns::ColumnBuilder out(type, pool, rows);
    // NULLs come in runs, and a row's fields are NULL with it.
    for (int64_t i = 0; index > 0 && i < std::min<int64_t>(rows, total_); ++i) out.AppendNull();
    const columns::Column nulls = out.Take();
    for (int32_t row = 0; row < rows;) {
      const int kind = kinds[static_cast<size_t>(row)];
      int32_t end = row + 1;
      while (end < rows && kinds[static_cast<size_t>(end)] == kind) ++end;
      for (int32_t left = index > 0 && index != kind + 1 ? end - row : 0; left > 0; left -= nulls.length)
        out.AppendRows(nulls, nullptr, std::min(left, nulls.length));
      for (; row < end; ++row) {
        const int64_t event = first + step * row;
        if (index == 0)
          out.Append<int32_t>(kind);
        else if (index != kind + 1)
          continue;
        else if (kind == 0)
          AppendPerson(event, out);
        else
          kind == 1 ? AppendAuction(event, out) : AppendBid(event, out);
      }
    }
    return out.Take();
  }

 private:
  int64_t LastPerson(int64_t event) const {
    return event / total_ * options_.people + std::min(event % total_, options_.people - 1);
  }
  /// -1 before the first.
  int64_t LastAuction(int64_t event) const {
    const int64_t epoch = event / total_, place = event % total_ - options_.people;
    if (place < 0) return epoch * options_.auctions - 1;
    return epoch * options_.auctions + std::min(place, options_.auctions - 1);
  }
  /// One of the active people, or of the next who come.
  int64_t SomePerson(int64_t event, Random& random) const {
    const int64_t people = LastPerson(event) + 1, active = std::min(people, kActivePeople);
    return people - active + Below(random, active + kLead);
  }
  int64_t SomeAuction(int64_t event, Random& random) const {
    const int64_t last = std::max<int64_t>(LastAuction(event), 0),
                  least = std::max<int64_t>(last - kAuctionsInFlight, 0);
    return least + Below(random, last - least + 1 + kLead);
  }

  const NexmarkOptions options_;
  const int64_t total_;
  std::shared_ptr<Channels> channels_;
};

/// Which of NexmarkSchema's columns each of the rows' is.
Result<std::vector<int>> ReadColumns(const graph::Node& node) {
  THALWEG_ASSIGN(types::SchemaPtr schema, SourceSchema(node));
  const types::Schema known = NexmarkSchema();
  std::vector<int> columns;
  for (const types::Field& field : schema->fields()) {
    const int column = known.Find(field.name);
    if (column < 0 || !(known.field(column).type == field.type))
      return UserError("Column '{}' {} of {} is none of Nexmark's: {}", field.name, field.type.ToString(),
                       NodeOptions(node).Label(), known.ToString());
    columns.push_back(column);
  }
  return columns;
}

Result<int64_t> ReadAtLeast(NodeOptions& options, const std::string& key, int64_t least, int64_t otherwise) {
  THALWEG_ASSIGN(int64_t value, options.Get<int64_t>(key, otherwise));
  if (value < least || value > INT32_MAX)
    return options.Bad(key, UserError("Not between {} and {}: {}", least, INT32_MAX, value));
  return value;
}

}  // namespace

types::Schema NexmarkSchema() {
  const DataType number(TypeId::kBigInt), text(TypeId::kString), time = DataType::Timestamp(3);
  const DataType person = DataType::Row({{"id", number},
                                         {"name", text},
                                         {"emailAddress", text},
                                         {"creditCard", text},
                                         {"city", text},
                                         {"state", text},
                                         {"dateTime", time},
                                         {"extra", text}});
  const DataType auction = DataType::Row({{"id", number},
                                          {"itemName", text},
                                          {"description", text},
                                          {"initialBid", number},
                                          {"reserve", number},
                                          {"dateTime", time},
                                          {"expires", time},
                                          {"seller", number},
                                          {"category", number},
                                          {"extra", text}});
  const DataType bid = DataType::Row({{"auction", number},
                                      {"bidder", number},
                                      {"price", number},
                                      {"channel", text},
                                      {"url", text},
                                      {"dateTime", time},
                                      {"extra", text}});
  return types::Schema(
      {{"event_type", DataType(TypeId::kInt)}, {"person", person}, {"auction", auction}, {"bid", bid}});
}

Result<NexmarkOptions> ReadNexmarkNode(const graph::Node& node) {
  NodeOptions options(node);
  NexmarkOptions nexmark;
  THALWEG_TRY(ReadColumns(node).status());
  THALWEG_ASSIGN(nexmark.events, options.Get<int64_t>("events.num", 0));
  if (nexmark.events < 0) return options.Bad("events.num", UserError("Number is negative: {}", nexmark.events));
  THALWEG_ASSIGN(nexmark.event_rate, ReadAtLeast(options, "next-event.rate", 1, nexmark.event_rate));
  THALWEG_ASSIGN(int64_t limit, ReadAtLeast(options, "rows-per-second", 0, 0));
  nexmark.rows_per_second = static_cast<double>(limit);
  THALWEG_ASSIGN(nexmark.base_time_ms, options.Get<int64_t>("base-time-millis", nexmark.base_time_ms));
  THALWEG_ASSIGN(int64_t seed, options.Get<int64_t>("seed", 0));
  nexmark.seed = static_cast<uint64_t>(seed);
  THALWEG_ASSIGN(nexmark.people, ReadAtLeast(options, "person.proportion", 1, nexmark.people));
  THALWEG_ASSIGN(nexmark.auctions, ReadAtLeast(options, "auction.proportion", 1, nexmark.auctions));
  THALWEG_ASSIGN(nexmark.bids, ReadAtLeast(options, "bid.proportion", 1, nexmark.bids));
  THALWEG_ASSIGN(nexmark.hot_auctions, ReadAtLeast(options, "bid.hot-ratio.auctions", 1, nexmark.hot_auctions));
  THALWEG_ASSIGN(nexmark.hot_bidders, ReadAtLeast(options, "bid.hot-ratio.bidders", 1, nexmark.hot_bidders));
  THALWEG_ASSIGN(nexmark.hot_sellers, ReadAtLeast(options, "auction.hot-ratio.sellers", 1, nexmark.hot_sellers));
  THALWEG_TRY(options.Finish());
  return nexmark;
}

Result<std::shared_ptr<flow::Source>> MakeNexmarkNode(const graph::Node& node) {
  THALWEG_ASSIGN(NexmarkOptions options, ReadNexmarkNode(node));
  THALWEG_ASSIGN(std::vector<int> columns, ReadColumns(node));
  RangeSourceOptions range;
  range.bounded = options.events > 0;
  range.to = range.bounded ? options.events : INT64_MAX;
  range.interleaved = true;
  range.rows_per_second = options.rows_per_second;
  range.make_rows = [options, columns, schema = node.outputs[0].schema] {
    return RangeRows(
        [events = NexmarkEvents(options), columns, schema](int64_t first, int64_t step, int32_t rows,
                                                           columns::BufferPool& pool) -> Result<columns::Batch> {
          std::vector<uint8_t> kinds(static_cast<size_t>(rows));
          for (int32_t row = 0; row < rows; ++row)
            kinds[static_cast<size_t>(row)] = static_cast<uint8_t>(events.KindOf(first + step * row));
          columns::Batch out(pool, rows);
          for (size_t i = 0; i < columns.size(); ++i)
            out.AddColumn(events.Column(columns[i], schema->field(static_cast<int>(i)).type, first, step, kinds, pool));
          return out;
        });
  };
  return MakeRangeSource(std::move(range));
}

}  // namespace thalweg::connectors
