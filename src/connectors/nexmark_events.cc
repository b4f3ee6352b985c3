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
                 kBidBytes = 100;       // that an event's texts and numbers take on average
constexpr size_t kHeapBytes = 4 << 10;  // of texts of people, taken at a time
constexpr size_t kLetters = 256 << 10;  // that texts without a meaning are cut from: few enough for a cache

// For each field, behind which draws it is known: what is not read need not be drawn if nothing behind it is. 0: it is not drawn.
constexpr int kPersonStages[] = {0, 1, 2, 3, 4, 4, 0, 5};
constexpr int kAuctionStages[] = {0, 5, 5, 3, 6, 0, 4, 1, 2, 7};
constexpr int kBidStages[] = {1, 2, 3, 4, 4, 0, 5};
constexpr size_t kPersonExtra = 7, kAuctionName = 1, kAuctionDescription = 2, kAuctionExtra = 9, kBidUrl = 4,
                 kBidExtra = 6;

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

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

/// Of 65,536 values, a blank for one in 13.
char LetterOrSpace(uint64_t draw, char space) { return ((draw >> 8 & 0xff) * 13 >> 8) == 0 ? space : LetterOf(draw); }

/// 3 to `most` letters, about one in 13 a `space`.
std::string RandomText(Random& random, int64_t most, char space = ' ') {
  const int64_t length = 3 + Below(random, most - 3);
  std::string text(static_cast<size_t>(length), '\0');
  uint64_t chance = 0;
  for (int64_t i = 0; i < length; ++i, chance >>= 16) {
    if (i % 4 == 0) chance = random.Next();
    text[static_cast<size_t>(i)] = LetterOrSpace(chance, space);
  }
  return std::string(Trimmed(text));
}

}  // namespace

/// What events of one seed are made of. Their long texts are pieces of heaps that all batches share, as nexmark-flink cuts `extra` out of one random
/// text, but for those of people: an event points to its texts. Heaps are made when first asked for. One thread.
class NexmarkTexts {
 public:
  explicit NexmarkTexts(uint64_t seed) : seed_(seed) {
    for (size_t i = 0; i < kPowers; ++i) powers_[i] = std::exp(static_cast<double>(i) * kStep) * 100.0;
  }

  /// Between 100 and 100 000 000, the logarithm uniform.
  int64_t Price(Random& random) const {
    // exp(a + b) = exp(a) exp(b); b < 0.014, so that the fourth power is the last that shows.
    const uint64_t draw = random.Next();
    const double b = static_cast<double>(draw >> 10 & ((uint64_t{1} << 44) - 1)) * (0x1.0p-44 * kStep);
    const double factor = 1 + b * (1 + b * (1.0 / 2 + b * (1.0 / 6 + b * (1.0 / 24))));
    return static_cast<int64_t>(powers_[draw >> 54] * factor + 0.5);
  }

  struct Channel {
    columns::StringView16 name, url;  // the name lies in its view, the address in urls()
  };
  /// Hot ones have numbers from kChannels on.
  const Channel& OfNumber(int64_t number, columns::BufferPool& pool) {
    if (channels_.empty()) MakeChannels(pool);
    return channels_[static_cast<size_t>(number)];
  }
  const columns::BufferRef& urls(columns::BufferPool& pool) {
    if (channels_.empty()) MakeChannels(pool);
    return urls_;
  }
  /// kLetters letters.
  const columns::BufferRef& letters(columns::BufferPool& pool) {
    if (!letters_) letters_ = MakeText(pool, [](uint64_t draw) { return LetterOf(draw); });
    return letters_;
  }
  /// As many letters and, one in 13, blanks.
  const columns::BufferRef& words(columns::BufferPool& pool) {
    if (!words_) words_ = MakeText(pool, [](uint64_t draw) { return LetterOrSpace(draw, ' '); });
    return words_;
  }
  /// 3 to `most` bytes of them, without blanks before and behind.
  std::string_view SomeWords(Random& random, int64_t most, columns::BufferPool& pool) {
    const int64_t length = 3 + Below(random, most - 3);
    const int64_t from = Below(random, static_cast<int64_t>(kLetters) - length);
    return Trimmed({words(pool).data<char>() + from, static_cast<size_t>(length)});
  }

 private:
  static constexpr size_t kPowers = 1024;
  static constexpr double kStep = 6.0 * 2.302585092994046 / kPowers;

  // A channel has one address, in every event.
  std::string UrlOf(int64_t number) const {
    Random address(seed_ ^ static_cast<uint64_t>(number) ^ 0x6368616e6e656cULL);
    std::string url = "https://www.nexmark.com";
    for (int i = 0; i < 3; ++i) url += "/" + RandomText(address, 5, '_');
    url += "/item.htm?query=1";
    if (number < kChannels && Below(address, 10) > 0) url += fmt::format("&channel_id={}", Below(address, INT32_MAX));
    return url;
  }
  void MakeChannels(columns::BufferPool& pool) {
    std::string urls;
    for (int64_t number = 0; number < kChannels + std::ssize(kHotChannels); ++number) {
      const std::string name =
          number < kChannels ? fmt::format("channel-{}", number) : std::string(kHotChannels[number - kChannels]);
      const std::string url = UrlOf(number);
      Channel& channel = channels_.emplace_back();
      THALWEG_CHECK(name.size() <= sizeof(channel.name.inlined) && url.size() > sizeof(channel.url.inlined));
      channel.name.size = static_cast<int32_t>(name.size());
      std::memcpy(channel.name.inlined, name.data(), name.size());
      channel.url.size = static_cast<int32_t>(url.size());
      std::memcpy(channel.url.ref.prefix, url.data(), sizeof(channel.url.ref.prefix));
      channel.url.ref.heap = 0;
      channel.url.ref.offset = static_cast<int32_t>(urls.size());
      urls += url;
    }
    urls_ = pool.Allocate(urls.size());
    std::memcpy(urls_.mutable_data<char>(), urls.data(), urls.size());
  }
  template <typename Make>
  columns::BufferRef MakeText(columns::BufferPool& pool, Make make) const {
    Random random(seed_ ^ 0x6c657474657273ULL);
    columns::BufferRef text = pool.Allocate(kLetters);
    char* to = text.mutable_data<char>();
    for (size_t at = 0; at < kLetters; ++at) to[at] = make(random.Next());
    return text;
  }

  uint64_t seed_;
  double powers_[kPowers];
  std::vector<Channel> channels_;  // by number
  columns::BufferRef urls_, letters_, words_;
};

/// A ROW column written at some of its rows; the others are NULL, with zeros in the fields. Fields that are not read are NULL.
class NexmarkEvents::Fields {
 public:
  Fields(const types::DataType& type, int column, const std::vector<graph::ColumnPath>& reads, const int* stages,
         int32_t rows, columns::BufferPool& pool, columns::NullColumns& nulls)
      : pool_(&pool), texts_(type.children().size()), shared_(type.children().size()) {
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
  /// Texts of the field lie in `heap` from here on: for SetView and SetPiece, and for SetExtra, which wants kLetters.
  void PointInto(size_t field, columns::BufferRef heap) {
    shared_[field] = heap.data<char>();
    row_.children[field].heaps.push_back(std::move(heap));
  }
  /// A view whose bytes, if they are not in it, lie in the field's heap.
  void SetView(size_t field, int32_t row, const columns::StringView16& view) {
    if (Reads(field)) ViewAt(field, row) = view;
  }
  /// A piece of the field's heap.
  void SetPiece(size_t field, int32_t row, std::string_view piece) {
    if (!Reads(field)) return;
    columns::StringView16& view = ViewAt(field, row);
    view.size = static_cast<int32_t>(piece.size());
    if (piece.size() <= sizeof(view.inlined)) {
      std::memcpy(view.inlined, piece.data(), piece.size());
      return;
    }
    std::memcpy(view.ref.prefix, piece.data(), sizeof(view.ref.prefix));
    view.ref.heap = 0;
    view.ref.offset = static_cast<int32_t>(piece.data() - shared_[field]);
  }
  /// Letters of the field's heap that bring an event of `size` bytes to about `wanted`.
  void SetExtra(size_t field, int32_t row, Random& random, size_t size, size_t wanted) {
    if (!Reads(field) || size > wanted) return;
    const auto missing = static_cast<int64_t>(wanted - size);
    const int64_t spread = missing / 5;
    const int64_t length = missing - spread + (spread > 0 ? Below(random, 2 * spread) : 0);
    const int64_t from = Below(random, static_cast<int64_t>(kLetters) - length);
    SetPiece(field, row, {shared_[field] + from, static_cast<size_t>(length)});
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
  std::vector<const char*> shared_;  // of the fields that have pointed
  int last_ = 0;
};

NexmarkEvents::NexmarkEvents(const NexmarkOptions& options, const NexmarkColumns& layout)
    : options_(options),
      layout_(layout),
      total_(options.people + options.auctions + options.bids),
      micros_(1e6 / static_cast<double>(options.event_rate)),
      texts_(std::make_shared<NexmarkTexts>(options.seed)) {}

columns::Batch NexmarkEvents::Rows(int64_t first, int64_t step, int32_t rows, columns::BufferPool& pool) {
  const Stretch events{first, step, rows};
  columns::Batch out(pool, rows);
  for (size_t i = 0; i < layout_.columns.size(); ++i) {
    const int column = layout_.columns[i];
    if (!graph::IsRead(layout_.reads, {static_cast<int>(i)}))
      out.AddColumn(nulls_.Make(layout_.schema->field(static_cast<int>(i)).type, rows, pool));
    else
      out.AddColumn(column == 0 ? EventTypes(events, pool) : RowsOf(static_cast<Kind>(column - 1), i, events, pool));
  }
  return out;
}

/// Calls `visit(event, kind)` for each of `events`, in their order.
template <typename Visit>
void NexmarkEvents::ForEach(const Stretch& events, Visit visit) const {
  Event event{events.first, events.first / total_, events.first % total_, 0};
  const int64_t rounds = events.step / total_, places = events.step % total_;
  for (; event.row < events.rows; ++event.row) {
    visit(event, event.place < options_.people                       ? kPerson
                 : event.place < options_.people + options_.auctions ? kAuction
                                                                     : kBid);
    event.number += events.step;
    event.round += rounds;
    event.place += places;
    if (event.place >= total_) {
      event.place -= total_;
      ++event.round;
    }
  }
}

columns::Column NexmarkEvents::EventTypes(const Stretch& events, columns::BufferPool& pool) const {
  columns::Column column;
  column.type = types::DataType(types::TypeId::kInt);
  column.length = events.rows;
  column.values = pool.Allocate(sizeof(int32_t) * static_cast<size_t>(events.rows));
  auto* values = column.values.mutable_data<int32_t>();
  ForEach(events, [values](const Event& event, Kind kind) { values[event.row] = kind; });
  return column;
}

columns::Column NexmarkEvents::RowsOf(Kind wanted, size_t column, const Stretch& events, columns::BufferPool& pool) {
  const int* stages = wanted == kPerson ? kPersonStages : wanted == kAuction ? kAuctionStages : kBidStages;
  const auto place = static_cast<int>(column);
  Fields fields(layout_.schema->field(place).type, place, layout_.reads, stages, events.rows, pool, nulls_);
  const size_t extra = wanted == kPerson ? kPersonExtra : wanted == kAuction ? kAuctionExtra : kBidExtra;
  if (fields.Reads(extra)) fields.PointInto(extra, texts_->letters(pool));
  if (wanted == kBid && fields.Reads(kBidUrl)) fields.PointInto(kBidUrl, texts_->urls(pool));
  for (size_t words : {kAuctionName, kAuctionDescription})
    if (wanted == kAuction && fields.Reads(words)) fields.PointInto(words, texts_->words(pool));
  ForEach(events, [&](const Event& event, Kind kind) {
    if (kind != wanted) return;
    fields.SetPresent(event.row);
    switch (kind) {
      case kPerson: WritePerson(event, fields); break;
      case kAuction: WriteAuction(event, fields, pool); break;
      case kBid: WriteBid(event, fields, pool); break;
    }
  });
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
  std::string name(OneOfNames(random, kFirstNames));
  name.append(1, ' ').append(OneOfNames(random, kLastNames));
  std::string email = RandomText(random, 7);
  email.append(1, '@').append(RandomText(random, 5)).append(".com");
  std::string card;
  for (int i = 0; i < 4; ++i) {
    if (i > 0) card += ' ';
    const int64_t four = Below(random, 10'000);
    for (int64_t unit = 1000; unit > 0; unit /= 10) card += static_cast<char>('0' + four / unit % 10);
  }
  const std::string_view city = OneOfNames(random, kCities), state = OneOfNames(random, kStates);
  const std::string_view texts[] = {name, email, card, city, state};
  size_t size = 8;
  for (size_t i = 0; i < 5; ++i) {
    out.SetText(i + 1, event.row, texts[i]);
    size += texts[i].size();
  }
  out.SetExtra(kPersonExtra, event.row, random, size, kPersonBytes);
}

void NexmarkEvents::WriteAuction(const Event& event, Fields& out, columns::BufferPool& pool) const {
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
  const int64_t bid = texts_->Price(random);
  out.Set(3, event.row, bid);
  if (!out.Draws(4)) return;
  const int64_t horizon = TimeOf(event.number + kAuctionsInFlight * total_ / options_.auctions) - time;
  out.Set(6, event.row, time + 1 + Below(random, std::max<int64_t>(1, 2 * horizon)));
  if (!out.Draws(5)) return;
  const std::string_view name = texts_->SomeWords(random, 20, pool), description = texts_->SomeWords(random, 100, pool);
  out.SetPiece(kAuctionName, event.row, name);
  out.SetPiece(kAuctionDescription, event.row, description);
  if (!out.Draws(6)) return;
  out.Set(4, event.row, bid + texts_->Price(random));
  out.SetExtra(kAuctionExtra, event.row, random, 48 + name.size() + description.size(), kAuctionBytes);
}

void NexmarkEvents::WriteBid(const Event& event, Fields& out, columns::BufferPool& pool) const {
  out.Set(5, event.row, TimeOf(event.number));
  if (!out.Draws(1)) return;
  Random random = RandomOf(event.number, options_.seed);
  // Both are drawn, whichever is taken: to guess which would cost more.
  const bool hot_auction = Below(random, options_.hot_auctions) > 0;
  const int64_t some_auction = SomeAuction(event, random);
  const int64_t auction = hot_auction ? std::max<int64_t>(LastAuction(event), 0) / kHotGroup * kHotGroup : some_auction;
  out.Set(0, event.row, kFirstAuction + auction);
  if (!out.Draws(2)) return;
  const bool hot_bidder = Below(random, options_.hot_bidders) > 0;
  const int64_t some_bidder = SomePerson(event, random);
  const int64_t bidder = hot_bidder ? LastPerson(event) / kHotGroup * kHotGroup + 1 : some_bidder;
  out.Set(1, event.row, kFirstPerson + bidder);
  if (!out.Draws(3)) return;
  if (out.Reads(2))
    out.Set(2, event.row, texts_->Price(random));
  else
    random.Next();
  if (!out.Draws(4)) return;
  const bool hot_channel = Below(random, 2) > 0;
  const int64_t number = Below(random, hot_channel ? std::ssize(kHotChannels) : kChannels);
  if (out.Reads(3) || out.Reads(4)) {
    const NexmarkTexts::Channel& channel = texts_->OfNumber(hot_channel ? kChannels + number : number, pool);
    out.SetView(3, event.row, channel.name);
    out.SetView(kBidUrl, event.row, channel.url);
  }
  out.SetExtra(kBidExtra, event.row, random, 32, kBidBytes);
}

int64_t NexmarkEvents::TimeOf(int64_t event) const {
  const double micros = static_cast<double>(event) * micros_;
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
