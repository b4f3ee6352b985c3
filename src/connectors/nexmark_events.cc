#include "connectors/nexmark_events.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "columns/layout.h"

namespace thalweg::connectors {

namespace {

constexpr int64_t kFirstPerson = 1000, kFirstAuction = 1000, kFirstCategory = 10, kCategories = 5;
constexpr int64_t kActivePeople = 1000, kAuctionsInFlight = 100, kLead = 10;
constexpr int64_t kHotGroup = 100;  // of so many neighbours one is the hot one
constexpr int64_t kChannels = 10'000;
constexpr size_t kPersonBytes = 200, kAuctionBytes = 500,
                 kBidBytes = 100;        // that an event's texts and numbers take on average
constexpr size_t kHeapBytes = 64 << 10;  // of texts, taken at a time: about a batch of the longest text of bids

// For each field, behind which draws it is known: what is not read need not be drawn if nothing behind it is. 0: it is not drawn.
constexpr int kPersonStages[] = {0, 1, 2, 3, 4, 4, 0, 5};
constexpr int kAuctionStages[] = {0, 5, 5, 3, 6, 0, 4, 1, 2, 7};
constexpr int kBidStages[] = {1, 2, 3, 4, 4, 0, 5};

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
/// The same of each of eight bytes.
uint64_t LettersOf(uint64_t bytes) {
  constexpr uint64_t kEven = 0x00ff00ff00ff00ff;
  const uint64_t even = (bytes & kEven) * 26 >> 8 & kEven, odd = (bytes >> 8 & kEven) * 26 & ~kEven;
  return (even | odd) + 0x6161616161616161;
}

/// 3 to `most` letters, about one in 13 a `space`.
std::string RandomText(Random& random, int64_t most, char space = ' ') {
  const int64_t length = 3 + Below(random, most - 3);
  std::string text(static_cast<size_t>(length), '\0');
  uint64_t chance = 0;
  for (int64_t i = 0; i < length; ++i, chance >>= 16) {
    if (i % 4 == 0) chance = random.Next();
    text[static_cast<size_t>(i)] = ((chance >> 8 & 0xff) * 13 >> 8) == 0 ? space : LetterOf(chance);
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

/// Between 100 and 100 000 000, the logarithm uniform.
int64_t Price(Random& random) {
  constexpr double kSixTens = 6.0 * 2.302585092994046;
  return static_cast<int64_t>(std::exp(random.Unit() * kSixTens) * 100.0 + 0.5);
}

}  // namespace

/// The channels of bids with their addresses, each of which is made when it is first seen.
class NexmarkChannels {
 public:
  struct Channel {
    std::string name, url;
  };
  explicit NexmarkChannels(uint64_t seed) : seed_(seed), known_(kChannels + std::size(kHotChannels)) {}

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

/// A ROW column written at some of its rows; the others are NULL, with zeros in the fields. Fields that are not read are NULL.
class NexmarkEvents::Fields {
 public:
  Fields(const types::DataType& type, int column, const std::vector<graph::ColumnPath>& reads, const int* stages,
         int32_t rows, columns::BufferPool& pool, columns::NullColumns& nulls)
      : pool_(&pool), texts_(type.children().size()) {
    row_.type = type;
    row_.length = rows;
    row_.validity = Zeroed(columns::BitmapBytes(rows));
    present_ = row_.validity.mutable_data<uint8_t>();
    for (size_t i = 0; i < texts_.size(); ++i) {
      const types::DataType& field = type.children()[i].type;
      const bool read = graph::IsRead(reads, {column, static_cast<int>(i)});
      row_.children.push_back(read ? Empty(field, rows) : nulls.Make(field, rows, pool));
      data_.push_back(read ? row_.children[i].values.mutable_data<std::byte>() : nullptr);
      if (read) last_ = std::max(last_, stages[i]);
    }
  }

  bool Reads(size_t field) const { return data_[field] != nullptr; }
  /// Whether a field is read that is known behind the draws of `stage`, or of a later one.
  bool Draws(int stage) const { return last_ >= stage; }

  void SetPresent(int32_t row) { present_[row >> 3] = static_cast<uint8_t>(present_[row >> 3] | 1 << (row & 7)); }
  void Set(size_t field, int32_t row, int64_t value) {
    if (Reads(field)) std::memcpy(data_[field] + static_cast<size_t>(row) * sizeof(value), &value, sizeof(value));
  }
  void SetText(size_t field, int32_t row, std::string_view text) {
    if (!Reads(field)) return;
    columns::StringView16& view = ViewAt(field, row);
    if (text.size() > sizeof(view.inlined)) {
      std::memcpy(Room(field, text.size()), text.data(), text.size());
      return Refer(field, view, text.size());
    }
    view.size = static_cast<int32_t>(text.size());
    std::memcpy(view.inlined, text.data(), text.size());
  }
  /// Letters that bring an event of `size` bytes to about `wanted`.
  void SetExtra(size_t field, int32_t row, Random& random, size_t size, size_t wanted) {
    if (!Reads(field) || size > wanted) return;
    const auto missing = static_cast<int64_t>(wanted - size);
    const int64_t spread = missing / 5;
    const auto length = static_cast<size_t>(missing - spread + (spread > 0 ? Below(random, 2 * spread) : 0));
    // Eight letters a draw: each event has a hundred. They are made where they are to lie.
    char* text = Room(field, length + sizeof(uint64_t));
    for (size_t at = 0; at < length; at += sizeof(uint64_t)) {
      const uint64_t letters = LettersOf(random.Next());
      std::memcpy(text + at, &letters, sizeof(letters));
    }
    columns::StringView16& view = ViewAt(field, row);
    if (length > sizeof(view.inlined)) return Refer(field, view, length);
    view.size = static_cast<int32_t>(length);
    std::memcpy(view.inlined, text, length);
  }

  columns::Column Take() { return std::move(row_); }

 private:
  /// Where a field's texts lie that are longer than a view.
  struct Texts {
    char* at = nullptr;
    size_t used = 0, size = 0;
  };

  columns::BufferRef Zeroed(size_t bytes) {
    columns::BufferRef buffer = pool_->Allocate(bytes);
    std::memset(buffer.mutable_data<std::byte>(), 0, bytes);
    return buffer;
  }
  columns::Column Empty(const types::DataType& type, int32_t rows) {
    columns::Column column;
    column.type = type;
    column.length = rows;
    column.values = Zeroed(static_cast<size_t>(type.value_width()) * static_cast<size_t>(rows));
    return column;
  }
  columns::StringView16& ViewAt(size_t field, int32_t row) {
    return reinterpret_cast<columns::StringView16*>(data_[field])[row];
  }
  char* Room(size_t field, size_t bytes) {
    Texts& texts = texts_[field];
    if (texts.size - texts.used < bytes) {
      texts.size = std::max(bytes, kHeapBytes);
      texts.at = row_.children[field].heaps.emplace_back(pool_->Allocate(texts.size)).mutable_data<char>();
      texts.used = 0;
    }
    return texts.at + texts.used;
  }
  /// To what was written into the last room.
  void Refer(size_t field, columns::StringView16& view, size_t bytes) {
    Texts& texts = texts_[field];
    view.size = static_cast<int32_t>(bytes);
    std::memcpy(view.ref.prefix, texts.at + texts.used, sizeof(view.ref.prefix));
    view.ref.heap = static_cast<int32_t>(row_.children[field].heaps.size()) - 1;
    view.ref.offset = static_cast<int32_t>(texts.used);
    texts.used += bytes;
  }

  columns::BufferPool* pool_;
  columns::Column row_;
  uint8_t* present_;
  std::vector<std::byte*> data_;  // of the fields that are read; else null
  std::vector<Texts> texts_;
  int last_ = 0;
};

NexmarkEvents::NexmarkEvents(const NexmarkOptions& options, const NexmarkColumns& layout)
    : options_(options),
      layout_(layout),
      total_(options.people + options.auctions + options.bids),
      channels_(std::make_shared<NexmarkChannels>(options.seed)) {}

columns::Batch NexmarkEvents::Rows(int64_t first, int64_t step, int32_t rows, columns::BufferPool& pool) {
  Place(first, step, rows);
  columns::Batch out(pool, rows);
  for (size_t i = 0; i < layout_.columns.size(); ++i) {
    const int column = layout_.columns[i];
    if (!graph::IsRead(layout_.reads, {static_cast<int>(i)}))
      out.AddColumn(nulls_.Make(layout_.schema->field(static_cast<int>(i)).type, rows, pool));
    else
      out.AddColumn(column == 0 ? EventTypes(rows, pool) : RowsOf(static_cast<Kind>(column - 1), i, rows, pool));
  }
  return out;
}

void NexmarkEvents::Place(int64_t first, int64_t step, int32_t rows) {
  for (std::vector<Event>& events : events_) events.clear();
  Event event{first, first / total_, first % total_, 0};
  const int64_t rounds = step / total_, places = step % total_;
  for (; event.row < rows; ++event.row) {
    const Kind kind = event.place < options_.people                       ? kPerson
                      : event.place < options_.people + options_.auctions ? kAuction
                                                                          : kBid;
    events_[kind].push_back(event);
    event.number += step;
    event.round += rounds;
    event.place += places;
    if (event.place >= total_) {
      event.place -= total_;
      ++event.round;
    }
  }
}

columns::Column NexmarkEvents::EventTypes(int32_t rows, columns::BufferPool& pool) const {
  columns::Column column;
  column.type = types::DataType(types::TypeId::kInt);
  column.length = rows;
  column.values = pool.Allocate(sizeof(int32_t) * static_cast<size_t>(rows));
  auto* values = column.values.mutable_data<int32_t>();
  for (int32_t kind : {kPerson, kAuction, kBid})
    for (const Event& event : events_[kind]) values[event.row] = kind;
  return column;
}

columns::Column NexmarkEvents::RowsOf(Kind kind, size_t column, int32_t rows, columns::BufferPool& pool) {
  const int* stages = kind == kPerson ? kPersonStages : kind == kAuction ? kAuctionStages : kBidStages;
  const auto place = static_cast<int>(column);
  Fields fields(layout_.schema->field(place).type, place, layout_.reads, stages, rows, pool, nulls_);
  for (const Event& event : events_[kind]) {
    fields.SetPresent(event.row);
    switch (kind) {
      case kPerson: WritePerson(event, fields); break;
      case kAuction: WriteAuction(event, fields); break;
      case kBid: WriteBid(event, fields); break;
    }
  }
  return fields.Take();
}

namespace {

Random RandomOf(int64_t event, uint64_t seed) {
  return Random(Random(seed ^ std::rotl(static_cast<uint64_t>(event), 17)).Next() ^ static_cast<uint64_t>(event));
}

}  // namespace

void NexmarkEvents::WritePerson(const Event& event, Fields& out) const {
  out.Set(0, event.row, kFirstPerson + LastPerson(event));
  out.Set(6, event.row, TimeOf(event.number));
  if (!out.Draws(1)) return;
  Random random = RandomOf(event.number, options_.seed);
  const std::string name = fmt::format("{} {}", OneOfNames(random, kFirstNames), OneOfNames(random, kLastNames));
  const std::string first = RandomText(random, 7), email = fmt::format("{}@{}.com", first, RandomText(random, 5));
  std::string card;
  for (int i = 0; i < 4; ++i) card += fmt::format("{}{:04}", i > 0 ? " " : "", Below(random, 10'000));
  const std::string_view city = OneOfNames(random, kCities), state = OneOfNames(random, kStates);
  const std::string_view texts[] = {name, email, card, city, state};
  size_t size = 8;
  for (size_t i = 0; i < 5; ++i) {
    out.SetText(i + 1, event.row, texts[i]);
    size += texts[i].size();
  }
  out.SetExtra(7, event.row, random, size, kPersonBytes);
}

void NexmarkEvents::WriteAuction(const Event& event, Fields& out) const {
  const int64_t time = TimeOf(event.number);
  out.Set(0, event.row, kFirstAuction + LastAuction(event));
  out.Set(5, event.row, time);
  if (!out.Draws(1)) return;
  Random random = RandomOf(event.number, options_.seed);
  const bool hot = Below(random, options_.hot_sellers) > 0;
  const int64_t seller = hot ? LastPerson(event) / kHotGroup * kHotGroup : SomePerson(event, random);
  out.Set(7, event.row, kFirstPerson + seller);
  if (!out.Draws(2)) return;
  out.Set(8, event.row, kFirstCategory + Below(random, kCategories));
  if (!out.Draws(3)) return;
  const int64_t bid = Price(random);
  out.Set(3, event.row, bid);
  if (!out.Draws(4)) return;
  const int64_t horizon = TimeOf(event.number + kAuctionsInFlight * total_ / options_.auctions) - time;
  out.Set(6, event.row, time + 1 + Below(random, std::max<int64_t>(1, 2 * horizon)));
  if (!out.Draws(5)) return;
  const std::string name = RandomText(random, 20), description = RandomText(random, 100);
  out.SetText(1, event.row, name);
  out.SetText(2, event.row, description);
  if (!out.Draws(6)) return;
  out.Set(4, event.row, bid + Price(random));
  out.SetExtra(9, event.row, random, 48 + name.size() + description.size(), kAuctionBytes);
}

void NexmarkEvents::WriteBid(const Event& event, Fields& out) const {
  out.Set(5, event.row, TimeOf(event.number));
  if (!out.Draws(1)) return;
  Random random = RandomOf(event.number, options_.seed);
  const bool hot_auction = Below(random, options_.hot_auctions) > 0;
  const int64_t auction =
      hot_auction ? std::max<int64_t>(LastAuction(event), 0) / kHotGroup * kHotGroup : SomeAuction(event, random);
  out.Set(0, event.row, kFirstAuction + auction);
  if (!out.Draws(2)) return;
  const bool hot_bidder = Below(random, options_.hot_bidders) > 0;
  const int64_t bidder = hot_bidder ? LastPerson(event) / kHotGroup * kHotGroup + 1 : SomePerson(event, random);
  out.Set(1, event.row, kFirstPerson + bidder);
  if (!out.Draws(3)) return;
  if (out.Reads(2))
    out.Set(2, event.row, Price(random));
  else
    random.Next();
  if (!out.Draws(4)) return;
  const bool hot_channel = Below(random, 2) > 0;
  const int64_t number = Below(random, hot_channel ? std::ssize(kHotChannels) : kChannels);
  if (out.Reads(3) || out.Reads(4)) {
    const NexmarkChannels::Channel& channel = hot_channel ? channels_->Hot(number) : channels_->Other(number);
    out.SetText(3, event.row, channel.name);
    out.SetText(4, event.row, channel.url);
  }
  out.SetExtra(6, event.row, random, 32, kBidBytes);
}

int64_t NexmarkEvents::TimeOf(int64_t event) const {
  const double micros = static_cast<double>(event) * (1e6 / static_cast<double>(options_.event_rate));
  return options_.base_time_ms + static_cast<int64_t>(std::floor(micros)) / 1000;
}
int64_t NexmarkEvents::LastPerson(const Event& event) const {
  return event.round * options_.people + std::min(event.place, options_.people - 1);
}
/// -1 before the first.
int64_t NexmarkEvents::LastAuction(const Event& event) const {
  const int64_t place = event.place - options_.people;
  if (place < 0) return event.round * options_.auctions - 1;
  return event.round * options_.auctions + std::min(place, options_.auctions - 1);
}
/// One of the active people, or of the next who come.
int64_t NexmarkEvents::SomePerson(const Event& event, Random& random) const {
  const int64_t people = LastPerson(event) + 1, active = std::min(people, kActivePeople);
  return people - active + Below(random, active + kLead);
}
int64_t NexmarkEvents::SomeAuction(const Event& event, Random& random) const {
  const int64_t last = std::max<int64_t>(LastAuction(event), 0), least = std::max<int64_t>(last - kAuctionsInFlight, 0);
  return least + Below(random, last - least + 1 + kLead);
}

}  // namespace thalweg::connectors
